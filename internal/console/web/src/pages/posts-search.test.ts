import { expect, it } from "vitest";
import { postsSearch } from "./posts-search";

it.each([
  [{}, {}],
  [{ state: "draft" }, { state: ["draft"] }],
  [{ state: ["draft", "failed", "draft", "toString", 7] }, { state: ["draft", "failed"] }],
  [{ q: "  ", account: "" }, {}],
  [{ q: 2026, account: "a" }, { q: "2026", account: "a" }],
])("%j", (search, want) => {
  expect(postsSearch(search)).toEqual(want);
});
