// What of the list of posts stands in the address, so that a link shows the same list.
import { PostState } from "@api/postwright/v1/post_pb";

export const filters = {
  draft: [PostState.DRAFT],
  scheduled: [PostState.SCHEDULED],
  sending: [PostState.QUEUED, PostState.PUBLISHING],
  published: [PostState.PUBLISHED],
  failed: [PostState.FAILED],
  unconfirmed: [PostState.UNCONFIRMED],
} satisfies Record<string, PostState[]>;

export type Filter = keyof typeof filters;

export interface PostsSearch {
  state?: Filter[];
  account?: string;
  q?: string;
}

const isFilter = (value: unknown): value is Filter => typeof value === "string" && Object.hasOwn(filters, value);

export function postsSearch(search: Record<string, unknown>): PostsSearch {
  const wanted = (Array.isArray(search["state"]) ? search["state"] : [search["state"]]).filter(isFilter);
  const result: PostsSearch = {};
  if (wanted.length > 0) {
    result.state = [...new Set(wanted)];
  }
  if (typeof search["account"] === "string" && search["account"] !== "") {
    result.account = search["account"];
  }
  const q = search["q"];
  if ((typeof q === "string" && q.trim() !== "") || typeof q === "number") {
    result.q = String(q);
  }
  return result;
}
