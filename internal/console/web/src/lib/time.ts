// Times as people read them, in the zone that is theirs. All by Intl: no string is cut.
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { language } from "../i18n";

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function dateOf(at: Timestamp | undefined): Date | undefined {
  return at && timestampDate(at);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language, zone, options]);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language === "en" ? undefined : language, { ...options, timeZone: zone });
    formats.set(key, found);
  }
  return found;
}

const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

// absolute says a time as shortly as leaves no doubt: "Tue 09:00" within a week, "1 Dec, 09:00" within the year.
export function absolute(at: Date, zone: string, now: Date): string {
  const days = Math.abs(at.getTime() - now.getTime()) / 86_400_000;
  if (days < 6) {
    return format(zone, { weekday: "short", ...clock }).format(at);
  }
  if (days < 300) {
    return format(zone, { day: "numeric", month: "short", ...clock }).format(at);
  }
  return format(zone, { day: "numeric", month: "short", year: "numeric", ...clock }).format(at);
}

export function full(at: Date, zone: string): string {
  return format(zone, { weekday: "long", day: "numeric", month: "long", year: "numeric", ...clock, timeZoneName: "short" }).format(at);
}

export function time(at: Date, zone: string): string {
  return format(zone, clock).format(at);
}

export function day(at: Date, zone: string): string {
  return format(zone, { weekday: "short", day: "numeric", month: "short" }).format(at);
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000_000],
  ["month", 2_592_000_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

// relative says how far off a time is: "in 3 hr.", "yesterday".
export function relative(at: Date, now: Date): string {
  const away = at.getTime() - now.getTime();
  const words = new Intl.RelativeTimeFormat(language === "en" ? "en-GB" : language, { style: "short", numeric: "auto" });
  for (const [unit, size] of units) {
    if (Math.abs(away) >= size) {
      return words.format(Math.round(away / size), unit);
    }
  }
  return words.format(0, "second");
}

export interface WallClock {
  date: string; // 2026-12-01
  time: string; // 09:00
}

// wallClock is what the clocks of a zone show, in the form that <input type="date"> and "time" take.
export function wallClock(at: Date, zone: string): WallClock {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-CA", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    }).formatToParts(at).map((part) => [part.type, part.value]),
  ) as Record<Intl.DateTimeFormatPartTypes, string>;
  return { date: `${parts.year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

let zones: string[] | undefined;

export function allZones(): string[] {
  return (zones ??= ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")]);
}
