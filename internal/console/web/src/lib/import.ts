// Drafts from the rows of a table.
import type { Account } from "@api/postwright/v1/account_service_pb";

export interface ImportedDraft {
  content: string;
  hashtags: string[];
  accountId: string;
}

export type Imported = { drafts: ImportedDraft[]; unknownAccounts: { row: number; name: string }[] } | { noContent: true };

// draftsOf reads rows, the first of which names the columns. Rows are counted as a spreadsheet does: the first draft is in row 2.
export function draftsOf(rows: readonly (readonly string[])[], accounts: readonly Pick<Account, "id" | "displayName">[]): Imported {
  const [head = [], ...body] = rows;
  const at = (name: string) => head.findIndex((column) => column.trim().toLowerCase() === name);
  const [content, hashtags, account] = [at("content"), at("hashtags"), at("account")];
  if (content < 0) {
    return { noContent: true };
  }
  const unknownAccounts: { row: number; name: string }[] = [];
  const drafts = body.map((row, i) => {
    const name = (row[account] ?? "").trim();
    const known = accounts.find((each) => each.displayName === name);
    if (name !== "" && !known) {
      unknownAccounts.push({ row: i + 2, name });
    }
    return {
      content: row[content] ?? "",
      hashtags: (row[hashtags] ?? "").split(/[\s,]+/).map((tag) => tag.replace(/^[#＃]/, "")).filter((tag) => tag !== ""),
      accountId: known?.id ?? "",
    };
  });
  return { drafts, unknownAccounts };
}

// byRow tells the server's words about posts[3].content of what was sent as of row 5 of the file.
export function byRow(message: string, word: (row: number, field: string) => string): string {
  return message.replaceAll(/\bposts\[(\d+)\]\.([a-zA-Z]+)/g, (_, index: string, field: string) => word(Number(index) + 2, field));
}
