// What this browser remembers for its user: how the pages look, and nothing of what they show.
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

export type Language = "browser" | "en" | "de";

export interface Prefs {
  theme: Theme;
  language: Language;
  // Whether single keys, such as c, do something.
  keys: boolean;
}

const name = "postwright.prefs";
const listeners = new Set<() => void>();
let prefs = read();

function read(): Prefs {
  let kept: Partial<Record<keyof Prefs, unknown>> = {};
  try {
    kept = (JSON.parse(localStorage.getItem(name) ?? "{}") ?? {}) as typeof kept;
  } catch {
    // Storage is refused or holds something else: the defaults do.
  }
  const theme = kept.theme === "light" || kept.theme === "dark" ? kept.theme : "system";
  const language = kept.language === "en" || kept.language === "de" ? kept.language : "browser";
  return { theme, language, keys: kept.keys !== false };
}

export function setPrefs(change: Partial<Prefs>) {
  prefs = { ...prefs, ...change };
  try {
    localStorage.setItem(name, JSON.stringify(prefs));
  } catch {
    // It holds until the page is left.
  }
  applyTheme();
  for (const listener of listeners) {
    listener();
  }
}

export function getPrefs(): Prefs {
  return prefs;
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getPrefs,
  );
}

const dark = matchMedia("(prefers-color-scheme: dark)");

export function applyTheme() {
  const theme = prefs.theme === "system" ? (dark.matches ? "dark" : "light") : prefs.theme;
  document.documentElement.dataset["theme"] = theme;
}

export function followTheme() {
  applyTheme();
  dark.addEventListener("change", applyTheme);
}
