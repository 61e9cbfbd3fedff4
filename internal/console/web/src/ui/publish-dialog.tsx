import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { Post } from "@api/postwright/v1/post_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { forgetLists, keepPost } from "../api/cache";
import { t } from "../i18n";
import { firstLine } from "../lib/text";
import { Confirm } from "./dialog";
import { tell } from "./notices";

interface PublishDialogProps {
  post: Post;
  author: string;
  onClose: () => void;
  onPublished?: () => void;
}

// PublishDialog asks once before a post goes out.
export function PublishDialog({ post, author, onClose, onPublished }: PublishDialogProps) {
  // The same for every try: pressed twice, it still goes out once.
  const [requestId] = useState(() => crypto.randomUUID());
  const publish = useMutation(PostService.method.publishPost, {
    onSuccess: ({ post: changed, warnings }) => {
      keepPost(changed);
      forgetLists();
      onClose();
      if (warnings.length > 0) {
        tell(warnings.join(" "));
      }
      onPublished?.();
    },
  });
  return (
    <Confirm
      title={t.publish.title} confirm={t.action.publishNow} isOpen isPending={publish.isPending} error={publish.error} onClose={onClose}
      onConfirm={() => publish.mutate({ id: post.id, requestId })}
    >
      <p className="line-1"><b>{firstLine(post.content)}</b></p>
      <p>{t.publish.help(author)}</p>
    </Confirm>
  );
}
