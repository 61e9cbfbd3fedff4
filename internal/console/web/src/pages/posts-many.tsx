// What is done with many posts at once.
import { useMutation } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { PostState, type Post } from "@api/postwright/v1/post_pb";
import { ApiStatus, DatabaseStatus, PostService, type PublishOutcome } from "@api/postwright/v1/post_service_pb";
import { forgetLists } from "../api/cache";
import { posts as postsClient } from "../api/client";
import { problemOf } from "../api/problem";
import { t } from "../i18n";
import { firstLine } from "../lib/text";
import { Button } from "../ui/button";
import { Confirm, Dialog } from "../ui/dialog";
import { tell } from "../ui/notices";
import { ProblemNote } from "../ui/problem";
import type { Tone } from "../ui/state";

const publishable = (post: Post) => post.state === PostState.DRAFT || post.state === PostState.FAILED;

export function ActOnMany({ posts, onEnd }: { posts: Post[]; onEnd: () => void }) {
  const [asking, setAsking] = useState<"publish" | "delete">();
  const [batch, setBatch] = useState<{ posts: Post[]; requestId: string }>();
  const remove = useDeleteMany(() => {
    setAsking(undefined);
    onEnd();
  });
  const toPublish = posts.filter(publishable);
  return (
    <>
      {posts.length > 0 && (
        <div className="many" role="region" aria-label={t.posts.selected(posts.length)}>
          <span aria-live="polite">{t.posts.selected(posts.length)}</span>
          {toPublish.length > 0 && <Button look="primary" compact onPress={() => setAsking("publish")}>{t.posts.publish}</Button>}
          <Button look="danger" compact onPress={() => setAsking("delete")}>{t.action.delete}</Button>
          <Button look="quiet" compact onPress={onEnd}>{t.posts.unselect}</Button>
        </div>
      )}
      <Confirm
        title={t.posts.confirmPublish(toPublish.length)} confirm={t.action.publishNow} isOpen={asking === "publish"} isPending={false}
        onClose={() => setAsking(undefined)}
        onConfirm={() => {
          setAsking(undefined);
          setBatch({ posts: toPublish, requestId: crypto.randomUUID() });
        }}
      >
        <p>{t.posts.confirmPublishHelp}</p>
      </Confirm>
      <Confirm
        title={t.posts.confirmDelete(posts.length)} confirm={t.action.delete} danger isOpen={asking === "delete"} isPending={remove.isPending}
        error={remove.error} onClose={() => setAsking(undefined)} onConfirm={() => remove.start(posts)}
      >
        <p>{t.posts.confirmDeleteHelp}</p>
      </Confirm>
      {batch && (
        <Progress
          {...batch}
          onClose={() => {
            setBatch(undefined);
            onEnd();
          }}
        />
      )}
    </>
  );
}

// The API deletes one post a call: four at a time.
function useDeleteMany(onDone: () => void) {
  const { mutateAsync } = useMutation(PostService.method.deletePost);
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const start = (posts: Post[]) => {
    const waiting = [...posts];
    const worker = async () => {
      for (let post = waiting.shift(); post; post = waiting.shift()) {
        await mutateAsync({ id: post.id, etag: post.etag });
      }
    };
    setPending(true);
    setError(undefined);
    Promise.all([worker(), worker(), worker(), worker()])
      .then(() => {
        tell(t.posts.deleted(posts.length));
        onDone();
      }, setError)
      .finally(() => {
        setPending(false);
        forgetLists();
      });
  };
  return { start, isPending, error };
}

function outcomeWord(outcome: PublishOutcome | undefined): [string, Tone] {
  if (outcome?.databaseStatus === DatabaseStatus.REFUSED) {
    return [t.posts.refused, "red"];
  }
  switch (outcome?.apiStatus) {
    case ApiStatus.PUBLISHED:
      return [t.posts.published, "green"];
    case ApiStatus.FAILED:
      return [t.posts.failed, "red"];
    case ApiStatus.UNCONFIRMED:
      return [t.posts.unconfirmed, "amber"];
    default:
      return [t.posts.waiting, "blue"];
  }
}

// useBatch approves the posts and hears what becomes of each. The same request id again follows the same posts, so a stream that
// breaks is begun anew.
function useBatch(posts: Post[], requestId: string) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, PublishOutcome>>(new Map());
  const [done, setDone] = useState(0);
  const [ended, setEnded] = useState(false);
  const [error, setError] = useState<unknown>();
  const ids = useRef(posts.map((post) => post.id));
  useEffect(() => {
    const leave = new AbortController();
    const follow = async () => {
      for (let wait = 1000; ; wait = Math.min(2 * wait, 30_000)) {
        try {
          for await (const { outcome } of postsClient.batchPublishPosts({ ids: ids.current, requestId }, { signal: leave.signal })) {
            wait = 1000;
            if (outcome) {
              setError(undefined);
              setDone((before) => Math.max(before, outcome.done));
              setOutcomes((before) => new Map(before).set(outcome.id, outcome));
            }
          }
          setEnded(true);
          return;
        } catch (problem) {
          if (leave.signal.aborted) {
            return;
          }
          setError(problem);
          if (!problemOf(problem).passing) {
            return;
          }
          await new Promise((resolve) => setTimeout(resolve, wait));
        } finally {
          forgetLists();
        }
      }
    };
    void follow();
    return () => leave.abort();
  }, [requestId]);
  return { outcomes, done, ended, error };
}

function Progress({ posts, requestId, onClose }: { posts: Post[]; requestId: string; onClose: () => void }) {
  const { outcomes, done, ended, error } = useBatch(posts, requestId);
  return (
    <Dialog title={ended ? t.posts.ended : t.posts.progress} isOpen onClose={onClose} wide>
      <div role="status" className="stack tight">
        <progress value={done} max={posts.length} aria-label={t.posts.progress} />
        <span>{t.posts.progressOf(done, posts.length)}</span>
      </div>
      <ProblemNote error={error} />
      <ul className="outcomes">
        {posts.map((post) => {
          const outcome = outcomes.get(post.id);
          const [word, tone] = outcomeWord(outcome);
          return (
            <li key={post.id}>
              <span><span className={`state tone-${tone}`}>{word}</span></span>
              <div>
                <Link to="/posts/$id" params={{ id: post.id }} className="post-link line-1">{firstLine(post.content)}</Link>
                {outcome?.error && <p className="small muted">{`${outcome.error.message} ${outcome.error.remedy}`}</p>}
                {outcome && outcome.warning !== "" && <p className="small muted">{outcome.warning}</p>}
              </div>
            </li>
          );
        })}
      </ul>
      {!ended && <p className="muted small">{t.posts.leave}</p>}
      <div className="ends"><Button onPress={onClose}>{t.action.close}</Button></div>
    </Dialog>
  );
}
