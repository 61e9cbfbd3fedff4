import "./posts.css";
import { create } from "@bufbuild/protobuf";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Account } from "@api/postwright/v1/account_service_pb";
import { PostState, type Post } from "@api/postwright/v1/post_pb";
import { ListPostsRequestSchema, PostService, SearchPostsRequestSchema } from "@api/postwright/v1/post_service_pb";
import { t } from "../i18n";
import { getPrefs } from "../lib/prefs";
import { firstLine } from "../lib/text";
import { isForKeys, useDebounced, useTitle } from "../lib/use";
import { accountName, useAccounts } from "../ui/accounts";
import { Button, ButtonLink } from "../ui/button";
import { ProblemNote, Skeleton } from "../ui/problem";
import { StateBadge } from "../ui/state";
import { When } from "../ui/when";
import { ImportCsv, saveCsv } from "./posts-csv";
import { ActOnMany } from "./posts-many";
import { filters, type Filter } from "./posts-search";

const route = getRouteApi("/signed-in/posts");

const filterWord: Record<Filter, () => string> = {
  draft: () => t.state.draft,
  scheduled: () => t.state.scheduled,
  sending: () => t.state.sending,
  published: () => t.state.published,
  failed: () => t.state.failed,
  unconfirmed: () => t.state.unconfirmed,
};

const pageSize = 50;

// usePosts is the list that the address asks for.
function usePosts(q: string) {
  const { state, account } = route.useSearch();
  const listed = useInfiniteQuery(
    PostService.method.listPosts,
    create(ListPostsRequestSchema, { pageSize, pageToken: "", states: (state ?? []).flatMap((name) => filters[name]), accountId: account ?? "" }),
    { pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined, enabled: q === "", placeholderData: keepPreviousData },
  );
  const found = useInfiniteQuery(
    PostService.method.searchPosts,
    create(SearchPostsRequestSchema, { pageSize, pageToken: "", query: q }),
    { pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined, enabled: q !== "", placeholderData: keepPreviousData },
  );
  const shown = q === "" ? listed : found;
  return { ...shown, posts: shown.data?.pages.flatMap((page) => page.posts) };
}

function SearchBox({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const [typed, setTyped] = useState(q);
  const [shown, setShown] = useState(q);
  if (shown !== q) { // the address was changed by something else, such as Back
    setShown(q);
    setTyped(q);
  }
  const rested = useDebounced(typed.trim(), 250);
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => {
    change.current(rested);
  }, [rested]);
  return (
    <div className="search">
      <Search className="icon" aria-hidden />
      <input
        id="search-posts" type="search" className="input" aria-label={t.posts.search} placeholder={t.posts.search} value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}

export function Posts() {
  useTitle(t.posts.title);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { accounts } = useAccounts();
  const q = search.q ?? "";
  const list = usePosts(q);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [importing, setImporting] = useState(false);
  const filtered = search.state !== undefined || search.account !== undefined || q !== "";

  const setFilter = (name: Filter | undefined) => {
    const now = search.state ?? [];
    const next = name === undefined ? [] : now.includes(name) ? now.filter((other) => other !== name) : [...now, name];
    void navigate({ search: { ...(search.account !== undefined && { account: search.account }), ...(next.length > 0 && { state: next }) } });
  };
  const setQuery = (query: string) => {
    if (query !== q) {
      void navigate({ search: query === "" ? {} : { q: query }, replace: q !== "" });
    }
  };
  const setAccount = (id: string) => {
    void navigate({ search: { ...(search.state && { state: search.state }), ...(id !== "" && { account: id }) } });
  };

  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.posts.title}</h1>
        <div className="row">
          <Button compact onPress={() => setImporting(true)}>{t.csv.import}</Button>
          <Button compact isDisabled={!list.posts || list.posts.length === 0} onPress={() => saveCsv(list.posts ?? [], accounts)}>{t.csv.export}</Button>
          <SearchBox q={q} onChange={setQuery} />
        </div>
      </div>
      {q === ""
        ? (
          <div className="row" role="group" aria-label={t.posts.filter}>
            <button type="button" className="chip" aria-pressed={search.state === undefined} onClick={() => setFilter(undefined)}>{t.posts.all}</button>
            {(Object.keys(filters) as Filter[]).map((name) => (
              <button key={name} type="button" className="chip" aria-pressed={search.state?.includes(name) ?? false} onClick={() => setFilter(name)}>
                {filterWord[name]()}
              </button>
            ))}
            {accounts.length > 1 && (
              <select className="chip" aria-label={t.posts.account} value={search.account ?? ""} onChange={(event) => setAccount(event.target.value)}>
                <option value="">{t.posts.anyAccount}</option>
                {accounts.map((account) => <option key={account.id} value={account.id}>{account.displayName}</option>)}
              </select>
            )}
          </div>
        )
        : <p className="muted small">{t.posts.searchIgnores}</p>}
      <ProblemNote error={list.error} retry={() => void list.refetch()} />
      <div className="card flush">
        {list.posts === undefined
          ? list.isPending && <Skeleton lines={8} />
          : list.posts.length === 0
            ? <Nothing filtered={filtered} />
            : <Table posts={list.posts} accounts={accounts} selected={selected} onSelect={setSelected} />}
      </div>
      {list.hasNextPage && (
        <div className="row">
          <Button onPress={() => void list.fetchNextPage()} isPending={list.isFetchingNextPage}>{t.action.more}</Button>
        </div>
      )}
      {importing && <ImportCsv accounts={accounts} onClose={() => setImporting(false)} />}
      <ActOnMany posts={(list.posts ?? []).filter((post) => selected.has(post.id))} onEnd={() => setSelected(new Set())} />
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered
    ? (
      <div className="empty">
        <h2>{t.posts.nothingFound}</h2>
        <p className="muted">{t.posts.nothingFoundHelp}</p>
        <ButtonLink to="/posts">{t.posts.clear}</ButtonLink>
      </div>
    )
    : (
      <div className="empty">
        <h2>{t.posts.none}</h2>
        <p className="muted">{t.posts.noneHelp}</p>
        <ButtonLink to="/write/{-$id}" params={{ id: undefined }} look="primary">{t.action.newPost}</ButtonLink>
      </div>
    );
}

interface TableProps {
  posts: Post[];
  accounts: Account[];
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
}

function Table({ posts, accounts, selected, onSelect }: TableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) {
      next.add(id);
    }
    onSelect(next);
  };
  const latest = useRef(toggle);
  useEffect(() => {
    latest.current = toggle;
  });

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!getPrefs().keys || !isForKeys(event) || !body.current) {
        return;
      }
      const links = [...body.current.querySelectorAll<HTMLAnchorElement>("a.post-link")];
      const at = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
      if (event.key === "j" || event.key === "k") {
        links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
      } else if (event.key === "x" && at >= 0) {
        latest.current(links[at]?.dataset["id"] ?? "");
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);

  const all = posts.every((post) => selected.has(post.id));
  return (
    <table className="posts">
      <thead>
        <tr>
          <th scope="col" className="cell-check">
            <input
              type="checkbox" aria-label={t.posts.selectAll} checked={all}
              onChange={() => onSelect(all ? new Set() : new Set(posts.map((post) => post.id)))}
            />
          </th>
          <th scope="col" className="cell-wide">{t.posts.columns.state}</th>
          <th scope="col" className="cell-text">{t.posts.columns.text}</th>
          <th scope="col" className="cell-wide">{t.posts.columns.account}</th>
          <th scope="col" className="cell-wide">{t.posts.columns.when}</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {posts.map((post) => (
          <tr key={post.id} className={selected.has(post.id) ? "selected" : ""}>
            <td className="cell-check">
              <input
                type="checkbox" aria-label={`${t.posts.columns.select}: ${firstLine(post.content)}`} checked={selected.has(post.id)}
                onChange={() => toggle(post.id)}
              />
            </td>
            <td className="cell-wide"><StateBadge state={post.state} /></td>
            <td className="cell-text">
              <Link to="/posts/$id" params={{ id: post.id }} className="post-link line-1" data-id={post.id}>
                {firstLine(post.content) || t.post.empty}
              </Link>
              <div className="cell-narrow muted small"><StateBadge state={post.state} /> <PostTime post={post} /></div>
            </td>
            <td className="cell-wide muted line-1">{accountName(accounts, post.accountId)}</td>
            <td className="cell-wide muted"><PostTime post={post} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// The time of a post that matters in its state.
function PostTime({ post }: { post: Post }) {
  switch (post.state) {
    case PostState.PUBLISHED:
      return <When at={post.publishedTime} />;
    case PostState.SCHEDULED:
      return <When at={post.scheduledTime} />;
    default:
      return <When at={post.updateTime} plain />;
  }
}
