import { expect, it } from "vitest";
import { PostDiffOperation as Op } from "@api/postwright/v1/post_version_pb";
import { compose, piecesOf } from "./hunks";

const parts = [
  { operation: Op.DELETE, text: "In order to" },
  { operation: Op.INSERT, text: "To" },
  { operation: Op.KEEP, text: " win, we " },
  { operation: Op.DELETE, text: "really " },
  { operation: Op.KEEP, text: "ship" },
  { operation: Op.INSERT, text: "." },
];

it("takes none, some or all changes", () => {
  const pieces = piecesOf(parts);
  expect(pieces).toHaveLength(5);
  expect(compose(pieces, new Set())).toBe("In order to win, we really ship");
  expect(compose(pieces, new Set([0]))).toBe("To win, we really ship");
  expect(compose(pieces, new Set([0, 2, 4]))).toBe("To win, we ship.");
});
