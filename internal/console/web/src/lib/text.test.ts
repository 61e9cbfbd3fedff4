import { describe, expect, it } from "vitest";
import { firstLine, runsOf } from "./text";

const kinds = (text: string) => runsOf(text).filter((run) => run.kind !== "plain").map((run) => run.text);

describe("runsOf", () => {
  it.each([
    ["We ship. #backups and #нет", ["#backups", "#нет"]],
    ["#1 is no hashtag, #1st is", ["#1st"]],
    ["C# is none, a#b is none, ##x is none", []],
    ["See https://example.org/a_(b)#c, really", ["https://example.org/a_(b)#c"]],
    ["＃全角", ["＃全角"]],
    ["🎉#party", ["#party"]],
  ])("%s", (text, want) => {
    expect(kinds(text)).toEqual(want);
  });

  it("loses nothing", () => {
    const text = "a #b https://c.example/d. #e\n";
    expect(runsOf(text).map((run) => run.text).join("")).toBe(text);
  });
});

describe("firstLine", () => {
  it("skips blank lines before it", () => {
    expect(firstLine("\n\n  Hello\nworld")).toBe("Hello");
  });
});
