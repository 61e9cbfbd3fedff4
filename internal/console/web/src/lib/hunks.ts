// A diff as changes that can be taken one by one.
import { PostDiffOperation, type PostDiffPart } from "@api/postwright/v1/post_version_pb";

export type Piece = { kept: string } | { deleted: string; inserted: string };

export const isChange = (piece: Piece): piece is { deleted: string; inserted: string } => !("kept" in piece);

// piecesOf puts what is deleted and inserted at one place together.
export function piecesOf(parts: readonly Pick<PostDiffPart, "operation" | "text">[]): Piece[] {
  const pieces: Piece[] = [];
  for (const { operation, text } of parts) {
    if (operation === PostDiffOperation.KEEP) {
      pieces.push({ kept: text });
      continue;
    }
    let last = pieces.at(-1);
    if (!last || !isChange(last)) {
      last = { deleted: "", inserted: "" };
      pieces.push(last);
    }
    if (operation === PostDiffOperation.INSERT) {
      last.inserted += text;
    } else {
      last.deleted += text;
    }
  }
  return pieces;
}

// compose is the text with the changes that are taken, by their place among the pieces.
export function compose(pieces: readonly Piece[], taken: ReadonlySet<number>): string {
  return pieces.map((piece, i) => (isChange(piece) ? (taken.has(i) ? piece.inserted : piece.deleted) : piece.kept)).join("");
}
