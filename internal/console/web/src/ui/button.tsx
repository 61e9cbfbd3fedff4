import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";

type Look = "primary" | "danger" | "quiet" | "plain";

interface Dress {
  look?: Look;
  compact?: boolean;
}

const dress = ({ look = "plain", compact = false }: Dress) =>
  ["button", look === "plain" ? "" : look, compact ? "compact" : ""].filter((name) => name !== "").join(" ");

// A button that waits for its answer keeps the focus and does nothing more. (React Aria's own isPending leaves a picture without a name
// among what it announces.)
export function Button({ look, compact, isPending, ...rest }: Dress & Omit<AriaButtonProps, "className">) {
  const { onPress: _, type: __, ...waiting } = rest;
  return (
    <AriaButton
      {...(isPending ? { ...waiting, type: "button" as const, "data-pending": true } : rest)}
      className={dress({ ...(look && { look }), ...(compact && { compact }) })}
    />
  );
}

// A link that looks like a button: it leads somewhere and changes nothing.
export function ButtonLink({ look, compact, children, ...rest }: Dress & LinkProps & { children: ReactNode }) {
  return <Link {...rest} className={dress({ ...(look && { look }), ...(compact && { compact }) })}>{children}</Link>;
}

export function ButtonAnchor({ look, compact, href, children }: Dress & { href: string; children: ReactNode }) {
  return (
    <a className={dress({ ...(look && { look }), ...(compact && { compact }) })} href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
