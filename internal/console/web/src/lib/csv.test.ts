import { expect, it } from "vitest";
import { parseCsv, writeCsv } from "./csv";

it.each([
  ["a,b\n1,2", [["a", "b"], ["1", "2"]]],
  ["\ufeffcontent;hashtags\r\n\"one; two\";x\r\n\r\n", [["content", "hashtags"], ["one; two", "x"]]],
  ["content\n\"first line\nsecond \"\"quoted\"\" line\"\n", [["content"], ["first line\nsecond \"quoted\" line"]]],
  ["", []],
])("reads %j", (text, want) => {
  expect(parseCsv(text)).toEqual(want);
});

it("writes what it reads, and no formulas", () => {
  const rows = [["content", "state"], ["a, \"b\"\nc", "Draft"]];
  expect(parseCsv(writeCsv(rows))).toEqual(rows);
  expect(writeCsv([["=1+1"]])).toBe("'=1+1\r\n");
});
