import "./home.css";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, Circle } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { Account } from "@api/postwright/v1/account_service_pb";
import { PostState, type Post } from "@api/postwright/v1/post_pb";
import { ListPostsRequestSchema, PostOrder, PostService } from "@api/postwright/v1/post_service_pb";
import { CheckState, SystemService } from "@api/postwright/v1/system_service_pb";
import { t } from "../i18n";
import { firstLine } from "../lib/text";
import { dateOf } from "../lib/time";
import { useTitle } from "../lib/use";
import { accountName, useAccounts } from "../ui/accounts";
import { ButtonLink } from "../ui/button";
import { ProblemNote, Skeleton } from "../ui/problem";
import { StateBadge } from "../ui/state";
import { When } from "../ui/when";

const weekMs = 7 * 86_400_000;
const soonMs = 14 * 86_400_000;

// needsConsent tells accounts that stop, or soon will, unless their member consents again.
export function needsConsent(account: Account, now: number): boolean {
  const end = dateOf(account.tokenExpireTime);
  return account.pausedReason !== "" || (account.renewableUntilTime === undefined && end !== undefined && end.getTime() - now < soonMs);
}

export function Home() {
  useTitle(t.home.title);
  const [now] = useState(() => Date.now());
  const { accounts, ...accountsAsked } = useAccounts();
  const troubled = useQuery(
    PostService.method.listPosts, create(ListPostsRequestSchema, { states: [PostState.UNCONFIRMED, PostState.FAILED], pageSize: 20 }),
  );
  const next = useQuery(PostService.method.listPosts, create(ListPostsRequestSchema, {
    states: [PostState.SCHEDULED], order: PostOrder.SCHEDULED, beforeTime: timestampFromMs(now + weekMs), pageSize: 10,
  }));
  const lately = useQuery(PostService.method.listPosts, create(ListPostsRequestSchema, { states: [PostState.PUBLISHED], pageSize: 5 }));
  const any = useQuery(PostService.method.listPosts, create(ListPostsRequestSchema, { pageSize: 1 }));
  const system = useQuery(SystemService.method.getStatus, {}, { staleTime: 60_000 });
  const error = troubled.error ?? next.error ?? lately.error ?? any.error ?? accountsAsked.error;
  if (troubled.isPending || next.isPending || lately.isPending || any.isPending || accountsAsked.isPending) {
    return <div className="page"><Skeleton lines={9} /></div>;
  }
  const posts = [...(troubled.data?.posts ?? [])].sort((a, b) => b.state - a.state); // doubts first
  const checks = system.data?.checks.filter(({ state }) => state === CheckState.FAILED || state === CheckState.WARNING) ?? [];
  const ending = accounts.filter((account) => needsConsent(account, now));
  const begun = (next.data?.posts.length ?? 0) + (lately.data?.posts.length ?? 0) > 0;
  return (
    <div className="page home">
      <h1>{t.home.title}</h1>
      <ProblemNote error={error} retry={() => void Promise.all([troubled.refetch(), next.refetch(), lately.refetch(), any.refetch()])} />
      {!error && !begun && <Steps connected={accounts.length > 0} wrote={(any.data?.posts.length ?? 0) > 0} />}
      {posts.length + ending.length + checks.length > 0 && (
        <Section title={t.home.needsYou}>
          <ul className="list">
            {posts.map((post) => <Trouble key={post.id} post={post} />)}
            {ending.map((account) => (
              <li key={account.id} className="list-row">
                <span className="grow">
                  {account.pausedReason === ""
                    ? <>{t.home.tokenEnds(account.displayName)} <When at={account.tokenExpireTime} /></>
                    : t.home.paused(account.displayName)}
                </span>
                <ButtonLink to="/accounts" compact>{t.accounts.again}</ButtonLink>
              </li>
            ))}
            {checks.length > 0 && (
              <li className="list-row">
                <span className="grow">{t.home.checks(checks.length)}</span>
                <ButtonLink to="/system" compact>{t.home.look}</ButtonLink>
              </li>
            )}
          </ul>
        </Section>
      )}
      {begun && (
        <div className="home-columns">
          <Section title={t.home.next}>
            {next.data?.posts.length === 0
              ? <div className="list-row"><span className="grow muted">{t.home.nothingNext}</span><ButtonLink to="/write/{-$id}" params={{ id: undefined }} compact>{t.action.newPost}</ButtonLink></div>
              : (
                <ul className="list">
                  {next.data?.posts.map((post) => (
                    <Row key={post.id} post={post} accounts={accounts}><When at={post.scheduledTime} /></Row>
                  ))}
                </ul>
              )}
          </Section>
          <Section title={t.home.lately}>
            {lately.data?.posts.length === 0
              ? <p className="list-row muted">{t.home.nothingLately}</p>
              : (
                <ul className="list">
                  {lately.data?.posts.map((post) => (
                    <Row key={post.id} post={post} accounts={accounts}><When at={post.publishedTime} /></Row>
                  ))}
                </ul>
              )}
          </Section>
        </div>
      )}
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="stack tight">
      <h2>{title}</h2>
      <div className="card flush">{children}</div>
    </section>
  );
}

function Row({ post, accounts, children }: { post: Post; accounts: Account[]; children: ReactNode }) {
  return (
    <li className="list-row">
      <div className="grow">
        <Link to="/posts/$id" params={{ id: post.id }} className="post-link line-1">{firstLine(post.content) || t.post.empty}</Link>
        <div className="small muted">{children} · {accountName(accounts, post.accountId)}</div>
      </div>
    </li>
  );
}

function Trouble({ post }: { post: Post }) {
  const doubt = post.state === PostState.UNCONFIRMED;
  return (
    <li className="list-row trouble">
      <StateBadge state={post.state} />
      <div className="grow">
        <Link to="/posts/$id" params={{ id: post.id }} className="post-link line-1">{firstLine(post.content)}</Link>
        <div className="small muted line-1">{post.failure?.message}</div>
      </div>
      <ButtonLink to="/posts/$id" params={{ id: post.id }} compact>{doubt ? t.home.settle : t.home.mend}</ButtonLink>
    </li>
  );
}

// What a new user does first; each ticks itself off.
function Steps({ connected, wrote }: { connected: boolean; wrote: boolean }) {
  const steps = [
    { done: connected, word: t.home.steps.connect, to: "/accounts" as const },
    { done: wrote, word: t.home.steps.write, to: "/write/{-$id}" as const },
    { done: false, word: t.home.steps.schedule, to: "/posts" as const },
  ];
  const current = steps.findIndex((step) => !step.done);
  return (
    <Section title={t.home.steps.title}>
      <ol className="list">
        {steps.map((step, i) => (
          <li key={step.to} className="list-row">
            {step.done ? <CircleCheck className="icon done" aria-label={t.home.steps.done} /> : <Circle className="icon muted" aria-hidden />}
            <span className="grow">{step.word}</span>
            {!step.done && <ButtonLink to={step.to} params={{ id: undefined }} compact {...(i === current && { look: "primary" as const })}>{t.home.steps.go}</ButtonLink>}
          </li>
        ))}
      </ol>
    </Section>
  );
}
