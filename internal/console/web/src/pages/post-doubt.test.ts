import { expect, it, vi } from "vitest";

vi.mock("../api/cache", () => ({}));
const { urnIn } = await import("./post-doubt");

it.each([
  ["urn:li:share:7012", "urn:li:share:7012"],
  ["https://www.linkedin.com/feed/update/urn:li:activity:7012/", "urn:li:activity:7012"],
  ["https://www.linkedin.com/feed/update/urn%3Ali%3AugcPost%3A7012?x=1", "urn:li:ugcPost:7012"],
  ["https://www.linkedin.com/posts/ada_backups-activity-7012-AbCd", "urn:li:activity:7012"],
  ["100%", "100%"],
])("%s", (written, want) => {
  expect(urnIn(written)).toBe(want);
});
