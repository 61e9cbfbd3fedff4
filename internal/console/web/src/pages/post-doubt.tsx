import { useMutation } from "@connectrpc/connect-query";
import { CircleHelp, ExternalLink } from "lucide-react";
import { useState } from "react";
import type { Account } from "@api/postwright/v1/account_service_pb";
import type { Post } from "@api/postwright/v1/post_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { forgetLists, keepPost } from "../api/cache";
import { t } from "../i18n";
import { isPage } from "../ui/accounts";
import { Button, ButtonAnchor } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { ProblemNote } from "../ui/problem";

// Where the posts of an account are seen on LinkedIn.
function activity(account: Account | undefined): string {
  return account && isPage(account)
    ? `https://www.linkedin.com/company/${account.urn.split(":").at(-1) ?? ""}/admin/page-posts/published/`
    : "https://www.linkedin.com/in/me/recent-activity/all/";
}

// urnIn takes the URN out of an address of LinkedIn's.
export function urnIn(text: string): string {
  let plain = text.trim();
  try {
    plain = decodeURIComponent(plain);
  } catch {
    // It is no address: the server says what is wrong with it.
  }
  const written = /urn:li:(?:share|ugcPost|activity):\d+/.exec(plain)?.[0];
  const slug = /[-_](share|ugcPost|activity)-(\d+)/.exec(plain);
  return written ?? (slug ? `urn:li:${slug[1] ?? ""}:${slug[2] ?? ""}` : plain);
}

// Doubt has a person say what they saw on LinkedIn.
export function Doubt({ post, account }: { post: Post; account: Account | undefined }) {
  const [asking, setAsking] = useState(false);
  const [urn, setUrn] = useState("");
  const onSuccess = ({ post: changed }: { post?: Post | undefined }) => {
    setAsking(false);
    keepPost(changed);
    forgetLists();
  };
  const resolve = useMutation(PostService.method.resolvePost, { onSuccess });
  const resend = useMutation(PostService.method.publishPost, { onSuccess });
  return (
    <section className="callout amber" aria-label={t.post.doubt.title}>
      <CircleHelp className="icon" aria-hidden />
      <div className="grow stack tight">
        <h2>{t.post.doubt.title}</h2>
        <p>{t.post.doubt.help}</p>
        {post.failure && <p className="small">{`${post.failure.message} ${post.failure.remedy}`}</p>}
        <div className="row">
          <ButtonAnchor href={activity(account)}>
            <ExternalLink className="icon" aria-hidden />
            {t.post.doubt.look}
          </ButtonAnchor>
          <Button onPress={() => setAsking(true)}>{t.post.doubt.there}</Button>
          <Button
            isPending={resolve.isPending}
            onPress={() => resolve.mutate({ id: post.id, outcome: { case: "notPublished", value: {} } })}
          >
            {t.post.doubt.notThere}
          </Button>
          <Button look="quiet" isPending={resend.isPending} onPress={() => resend.mutate({ id: post.id, resend: true, requestId: crypto.randomUUID() })}>
            {t.post.doubt.resend}
          </Button>
        </div>
        <p className="small muted">{t.post.doubt.resendHelp}</p>
        <ProblemNote error={asking ? undefined : (resolve.error ?? resend.error)} />
      </div>
      <Dialog title={t.post.doubt.there} isOpen={asking} onClose={() => setAsking(false)}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            resolve.mutate({ id: post.id, outcome: { case: "published", value: { linkedinUrn: urnIn(urn) } } });
          }}
        >
          <div className="field">
            <label htmlFor="urn">{t.post.doubt.urn}</label>
            <input id="urn" value={urn} autoFocus aria-describedby="urn-help" onChange={(event) => setUrn(event.target.value)} />
            <span className="help" id="urn-help">{t.post.doubt.urnHelp}</span>
          </div>
          <ProblemNote error={resolve.error} />
          <div className="ends">
            <Button onPress={() => setAsking(false)}>{t.action.cancel}</Button>
            <Button look="primary" type="submit" isPending={resolve.isPending}>{t.post.doubt.confirmThere}</Button>
          </div>
        </form>
      </Dialog>
    </section>
  );
}
