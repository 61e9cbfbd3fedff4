// Small habits of the pages.
import { useEffect, useRef, useState } from "react";
import { t } from "../i18n";

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title === "" ? t.app : `${title} · ${t.app}`;
  }, [title]);
}

// useDebounced gives a value once it has rested.
export function useDebounced<T>(value: T, ms: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return rested;
}

// useNow is the time, to within half a minute.
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

// useLatest holds the newest value for what runs later.
export function useLatest<T>(value: T) {
  const ref = useRef(value);
  useEffect(() => {
    ref.current = value;
  });
  return ref;
}

export function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const look = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return visible;
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

// isForKeys tells whether a key that was pressed may be a shortcut of one key: not while somebody types, nor in a dialog.
export function isForKeys(event: KeyboardEvent): boolean {
  return !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)
    && document.querySelector("[role=dialog],[role=alertdialog]") === null;
}
