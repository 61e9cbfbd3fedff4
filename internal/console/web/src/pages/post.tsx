import "./post.css";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Account } from "@api/postwright/v1/account_service_pb";
import { PostState, type Post } from "@api/postwright/v1/post_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { forgetLists, getPostKey, keepPost, cache } from "../api/cache";
import { isNotFound } from "../api/problem";
import { t } from "../i18n";
import { firstLine, shownText } from "../lib/text";
import { useTitle } from "../lib/use";
import { accountName, useAccounts } from "../ui/accounts";
import { Button, ButtonAnchor, ButtonLink } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { LinkedInView } from "../ui/linkedin-view";
import { tell } from "../ui/notices";
import { ProblemNote, Skeleton } from "../ui/problem";
import { PublishDialog } from "../ui/publish-dialog";
import { ScheduleDialog } from "../ui/schedule-dialog";
import { StateBadge } from "../ui/state";
import { When } from "../ui/when";
import { Doubt } from "./post-doubt";
import { History } from "./post-history";
import { useWatchedPost } from "./post-watch";

const Numbers = lazy(() => import("./post-numbers").then(({ Numbers }) => ({ default: Numbers })));

const route = getRouteApi("/signed-in/posts/$id");

export function PostPage() {
  const { id } = route.useParams();
  const { data, error, isPending, refetch } = useQuery(PostService.method.getPost, { id });
  useTitle(data?.post ? firstLine(data.post.content) : t.posts.title);
  useWatchedPost(data?.post);
  if (isPending) {
    return <div className="page"><Skeleton lines={10} /></div>;
  }
  if (!data?.post) {
    return (
      <div className="page">
        {isNotFound(error) ? <p>{t.post.notFound}</p> : <ProblemNote error={error} retry={() => void refetch()} />}
        <div><ButtonLink to="/posts">{t.post.back}</ButtonLink></div>
      </div>
    );
  }
  return <Shown key={id} post={data.post} />;
}

function Shown({ post }: { post: Post }) {
  const { accounts } = useAccounts();
  const author = accountName(accounts, post.accountId);
  return (
    <div className="page">
      <h1 className="line-1">{firstLine(post.content) || t.post.empty}</h1>
      <div className="row post-head">
        <StateBadge state={post.state} />
        <Moment post={post} />
        <span className="muted">{author}</span>
        <span className="grow" />
        <Acts post={post} author={author} />
      </div>
      {post.state === PostState.UNCONFIRMED && <Doubt post={post} account={accountOf(accounts, post)} />}
      {post.failure && post.state !== PostState.UNCONFIRMED && <Failure post={post} />}
      <div className="post-columns">
        <div className="stack">
          <h2>{t.post.preview}</h2>
          <LinkedInView author={author} text={shownText(post.content, post.hashtags)} />
          {post.state === PostState.PUBLISHED && (
            <Suspense fallback={<Skeleton lines={4} />}><Numbers id={post.id} /></Suspense>
          )}
        </div>
        <History post={post} />
      </div>
    </div>
  );
}

const accountOf = (accounts: Account[], post: Post) =>
  accounts.find((account) => (post.accountId === "" ? account.default : account.id === post.accountId));

function Moment({ post }: { post: Post }) {
  if (post.state === PostState.PUBLISHED) {
    return <span>{t.post.publishedAt} <When at={post.publishedTime} /></span>;
  }
  if (post.state === PostState.SCHEDULED) {
    return <span>{t.post.scheduledFor} <When at={post.scheduledTime} /></span>;
  }
  return <When at={post.updateTime} />;
}

// Why a post did not go out, or what it waits for, and what helps.
function Failure({ post }: { post: Post }) {
  const failed = post.state === PostState.FAILED;
  return (
    <div className={failed ? "callout red" : "callout blue"}>
      <div className="grow">
        <b>{post.failure?.message}</b>
        <p>{post.failure?.remedy}</p>
        <p className="small muted mono">{post.failure?.code}</p>
      </div>
    </div>
  );
}

function Acts({ post, author }: { post: Post; author: string }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"schedule" | "publish" | "delete">();
  const close = () => setAsking(undefined);
  const cancel = useMutation(PostService.method.cancelSchedule, {
    onSuccess: ({ post: changed }) => {
      keepPost(changed);
      forgetLists();
      tell(t.post.cancelled);
    },
  });
  const remove = useMutation(PostService.method.deletePost, {
    onSuccess: async () => {
      close();
      tell(t.post.deleted);
      forgetLists();
      await navigate({ to: "/posts" });
      cache.removeQueries({ queryKey: getPostKey(post.id) });
    },
  });
  const free = post.state === PostState.DRAFT || post.state === PostState.FAILED;
  const scheduled = post.state === PostState.SCHEDULED;
  return (
    <>
      <ProblemNote error={cancel.error} />
      {post.permalink !== "" && (
        <ButtonAnchor href={post.permalink}>
          <ExternalLink className="icon" aria-hidden />
          {t.action.openOnLinkedIn}
        </ButtonAnchor>
      )}
      {(free || scheduled) && <ButtonLink to="/write/{-$id}" params={{ id: post.id }}>{t.action.edit}</ButtonLink>}
      {(free || scheduled) && <Button onPress={() => setAsking("schedule")}>{scheduled ? t.post.changeTime : t.action.schedule}</Button>}
      {scheduled && <Button onPress={() => cancel.mutate({ id: post.id })} isPending={cancel.isPending}>{t.post.cancelSchedule}</Button>}
      {free && (
        <Button look="primary" onPress={() => setAsking("publish")}>
          {post.state === PostState.FAILED ? t.post.publishAgain : t.action.publishNow}
        </Button>
      )}
      {post.state !== PostState.PUBLISHING && <Button look="danger" onPress={() => setAsking("delete")}>{t.action.delete}</Button>}
      {asking === "schedule" && <ScheduleDialog post={post} onClose={close} />}
      {asking === "publish" && <PublishDialog post={post} author={author} onClose={close} />}
      <Confirm
        title={t.post.confirmDelete} confirm={t.action.delete} danger isOpen={asking === "delete"} isPending={remove.isPending} error={remove.error}
        onClose={close} onConfirm={() => remove.mutate({ id: post.id })}
      >
        <p>{t.post.confirmDeleteHelp}</p>
      </Confirm>
    </>
  );
}
