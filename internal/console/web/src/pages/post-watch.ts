import { useEffect } from "react";
import { PostState, type Post } from "@api/postwright/v1/post_pb";
import { forgetLists, keepPost } from "../api/cache";
import { posts } from "../api/client";
import { problemOf } from "../api/problem";
import { useVisible } from "../lib/use";

const waits = (state: PostState | undefined) =>
  state === PostState.SCHEDULED || state === PostState.QUEUED || state === PostState.PUBLISHING;

// useWatchedPost follows a post that does not rest, while the page is seen.
export function useWatchedPost(post: Post | undefined) {
  const visible = useVisible();
  const id = post?.id ?? "";
  const follow = visible && id !== "" && waits(post?.state);
  useEffect(() => {
    if (!follow) {
      return undefined;
    }
    const leave = new AbortController();
    const watch = async () => {
      let etag = "";
      for (let wait = 1000; !leave.signal.aborted; wait = Math.min(2 * wait, 30_000)) {
        try {
          for await (const told of posts.watchPost({ id }, { signal: leave.signal })) {
            wait = 1000;
            keepPost(told.post);
            if (told.post && told.post.etag !== etag) {
              etag = told.post.etag;
              forgetLists();
            }
          }
          return; // it rests
        } catch (error) {
          if (!problemOf(error).passing) {
            return;
          }
          await new Promise((resolve) => {
            setTimeout(resolve, wait);
          });
        }
      }
    };
    void watch();
    return () => leave.abort();
  }, [id, follow]);
}
