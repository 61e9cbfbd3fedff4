import { diffWordsWithSpace } from "diff";
import { TriangleAlert } from "lucide-react";
import type { Post } from "@api/postwright/v1/post_pb";
import { t } from "../i18n";
import { dateOf, time } from "../lib/time";
import { useZone } from "../shell/session";
import { Button } from "../ui/button";
import type { Draft } from "./write-draft";

// Conflict lets a person choose when a post was changed elsewhere while they wrote. What is written here is nowhere but here yet, so
// it is the browser that compares.
export function Conflict({ draft, theirs }: { draft: Draft; theirs: Post }) {
  const zone = useZone();
  const at = dateOf(theirs.updateTime);
  return (
    <section className="callout amber" role="alert">
      <TriangleAlert className="icon" aria-hidden />
      <div className="grow stack tight">
        <h2>{t.write.conflict.title(at ? time(at, zone) : "")}</h2>
        <p>{t.write.conflict.help}</p>
        <details open>
          <summary>{t.write.conflict.difference}</summary>
          <p className="diff card">
            {diffWordsWithSpace(theirs.content, draft.fields.content).map((part, i) =>
              part.added ? <ins key={i}>{part.value}</ins> : part.removed ? <del key={i}>{part.value}</del> : <span key={i}>{part.value}</span>)}
          </p>
        </details>
        <div className="row">
          <Button look="primary" onPress={draft.keepMine}>{t.write.conflict.mine}</Button>
          <Button onPress={draft.takeTheirs}>{t.write.conflict.theirs}</Button>
        </div>
      </div>
    </section>
  );
}
