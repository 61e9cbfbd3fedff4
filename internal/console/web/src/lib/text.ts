// The text of a post, as LinkedIn shows it.

export function firstLine(content: string): string {
  return content.trimStart().split("\n", 1)[0] ?? "";
}

export interface Run {
  kind: "plain" | "hashtag" | "link";
  text: string;
}

/* eslint-disable no-misleading-character-class -- the marks and joiners are meant by themselves, as what may follow a letter */
// A hashtag as docs/publishing.md tells it: it begins after anything but a letter, a digit, or one of _#&/=?, and holds a letter.
const special =
  /(?<link>https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])|(?<![\p{L}\p{N}_#&/=?])(?<hashtag>[#＃](?=[\p{N}_]*\p{L})[\p{L}\p{N}_][\p{L}\p{N}_\p{Mn}\p{Mc}\u200c\u200d\u034f]*)/gu;
/* eslint-enable no-misleading-character-class */

// runsOf tells the parts of a text that LinkedIn treats in a way of their own.
export function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const match of text.matchAll(special)) {
    if (match.index > end) {
      runs.push({ kind: "plain", text: text.slice(end, match.index) });
    }
    runs.push({ kind: match.groups?.["link"] === undefined ? "hashtag" : "link", text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) {
    runs.push({ kind: "plain", text: text.slice(end) });
  }
  return runs;
}

// shownText is the content with those hashtags at its end that it does not hold already, as the server adds them.
export function shownText(content: string, hashtags: readonly string[]): string {
  const held = new Set(runsOf(content).filter((run) => run.kind === "hashtag").map((run) => run.text.slice(1).toLowerCase()));
  const added = hashtags.filter((tag) => !held.has(tag.toLowerCase()));
  return added.length === 0 ? content : `${content}\n\n${added.map((tag) => `#${tag}`).join(" ")}`;
}

export const maxUnits = 3000;
