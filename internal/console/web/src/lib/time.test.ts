import { describe, expect, it } from "vitest";
import { relative, wallClock } from "./time";

describe("wallClock", () => {
  it.each([
    ["2026-03-29T00:59:00Z", "Europe/Berlin", { date: "2026-03-29", time: "01:59" }],
    ["2026-03-29T01:00:00Z", "Europe/Berlin", { date: "2026-03-29", time: "03:00" }],
    ["2026-12-31T23:30:00Z", "Asia/Kolkata", { date: "2027-01-01", time: "05:00" }],
    ["2026-06-01T00:00:00Z", "UTC", { date: "2026-06-01", time: "00:00" }],
  ])("%s in %s", (at, zone, want) => {
    expect(wallClock(new Date(at), zone)).toEqual(want);
  });
});

describe("relative", () => {
  const now = new Date("2026-11-26T12:00:00Z");
  it.each([
    ["2026-11-26T15:00:00Z", "in 3 hr"],
    ["2026-11-26T12:00:20Z", "now"],
    ["2026-11-25T12:00:00Z", "yesterday"],
    ["2026-11-26T11:50:00Z", "10 min ago"],
  ])("%s", (at, want) => {
    expect(relative(new Date(at), now)).toBe(want);
  });
});
