import { expect, it } from "vitest";
import { byRow, draftsOf } from "./import";

const accounts = [{ id: "1", displayName: "Ada" }];

it("reads drafts by the names of the columns", () => {
  expect(draftsOf([["Account", "content", "Hashtags"], ["Ada", "One", "#a b, c"], ["Bob", "Two", ""]], accounts)).toEqual({
    drafts: [{ content: "One", hashtags: ["a", "b", "c"], accountId: "1" }, { content: "Two", hashtags: [], accountId: "" }],
    unknownAccounts: [{ row: 3, name: "Bob" }],
  });
  expect(draftsOf([["text"], ["One"]], accounts)).toEqual({ noContent: true });
});

it("tells faults by row", () => {
  expect(byRow("posts[0].content must be shorter; posts[12].hashtags[1] is wrong", (row, field) => `row ${row}: ${field}`))
    .toBe("row 2: content must be shorter; row 14: hashtags[1] is wrong");
});
