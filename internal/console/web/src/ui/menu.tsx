import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem as AriaMenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";

// A button, given as trigger, and the menu that it opens.
export function Menu({ trigger, children, label }: { trigger: ReactNode; children: ReactNode; label: string }) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className="popover">
        <AriaMenu className="menu" aria-label={label}>{children}</AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

export function MenuItem({ icon, children, onAction }: { icon?: ReactNode; children: string; onAction: () => void }) {
  return (
    <AriaMenuItem className="menu-item" onAction={onAction} textValue={children}>
      {icon}
      {children}
    </AriaMenuItem>
  );
}
