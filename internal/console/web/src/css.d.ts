import "react";

declare module "react" {
  // Custom properties of the style sheets.
  interface CSSProperties {
    "--heat"?: string;
  }
}
