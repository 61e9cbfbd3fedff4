import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { Post } from "@api/postwright/v1/post_pb";
import { AttemptOutcome, PostService, Settlement, type PublishAttempt } from "@api/postwright/v1/post_service_pb";
import { PostVersionKind, type PostVersion } from "@api/postwright/v1/post_version_pb";
import { t } from "../i18n";
import { Button } from "../ui/button";
import { Diff } from "../ui/diff";
import { ProblemNote, Skeleton } from "../ui/problem";
import type { Tone } from "../ui/state";
import { When } from "../ui/when";

interface Entry {
  key: string;
  at: Timestamp | undefined;
  tone?: Tone;
  content: ReactNode;
}

const ms = (at: Timestamp | undefined) => (at ? timestampMs(at) : 0);

// History is all that happened to a post, the latest first.
export function History({ post }: { post: Post }) {
  const attempts = useQuery(PostService.method.listPublishAttempts, { id: post.id });
  const versions = useQuery(PostService.method.listPostVersions, { id: post.id });
  const { refetch: askAttempts } = attempts;
  const { refetch: askVersions } = versions;
  const known = useRef(post.etag);
  useEffect(() => {
    if (known.current !== post.etag) { // something happened to the post
      known.current = post.etag;
      void askAttempts();
      void askVersions();
    }
  }, [post.etag, askAttempts, askVersions]);
  const error = attempts.error ?? versions.error;
  const texts = (versions.data?.versions ?? []).filter((version) => version.kind === PostVersionKind.TEXT);
  const entries: Entry[] = [
    ...(attempts.data?.attempts ?? []).flatMap(attemptEntries),
    ...(versions.data?.versions ?? []).filter((version) => version.number > 1 || version.kind !== PostVersionKind.TEXT).map((version): Entry => ({
      key: `version ${version.number}`,
      at: version.createTime,
      content: <Version id={post.id} version={version} before={beforeOf(texts, version)} />,
    })),
    { key: "created", at: post.createTime, content: <b>{t.post.created}</b> },
  ].sort((a, b) => ms(b.at) - ms(a.at));
  return (
    <section className="stack" aria-label={t.post.history}>
      <h2>{t.post.history}</h2>
      <ProblemNote error={error} retry={() => void Promise.all([attempts.refetch(), versions.refetch()])} />
      {attempts.isPending || versions.isPending
        ? <Skeleton lines={5} />
        : (
          <ol className="history card">
            {entries.map((entry) => (
              <li key={entry.key} className={entry.tone ? `tone-${entry.tone}` : ""}>
                <div className="muted small"><When at={entry.at} /></div>
                {entry.content}
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}

// The text that a version is held against: of a suggestion the one that it is about, of a text the one before.
function beforeOf(texts: PostVersion[], version: PostVersion): number {
  if (version.kind === PostVersionKind.OPTIMIZATION) {
    return version.textVersion;
  }
  return Math.max(0, ...texts.map((text) => text.number).filter((number) => number < version.number));
}

function outcomeOf(attempt: PublishAttempt): [string, Tone] {
  switch (attempt.outcome) {
    case AttemptOutcome.STARTED:
      return [t.post.outcome.started, "blue"];
    case AttemptOutcome.ACCEPTED:
      return [t.post.outcome.accepted, "green"];
    case AttemptOutcome.REJECTED:
      return [t.post.outcome.rejected, "red"];
    case AttemptOutcome.NOT_SENT:
      return [t.post.outcome.notSent, "grey"];
    case AttemptOutcome.IN_DOUBT:
      return [t.post.outcome.inDoubt, "amber"];
    case AttemptOutcome.UNSPECIFIED:
      return [t.post.outcome.unknown, "grey"];
  }
}

function settlementWord(settlement: Settlement): string {
  const words = t.post.settlement;
  switch (settlement) {
    case Settlement.PERSON_PUBLISHED:
      return words.personPublished;
    case Settlement.PERSON_NOT_PUBLISHED:
      return words.personNotPublished;
    case Settlement.DUPLICATE_NAMED:
      return words.duplicateNamed;
    case Settlement.READ_BACK_PUBLISHED:
      return words.readBackPublished;
    case Settlement.READ_BACK_ABSENT:
      return words.readBackAbsent;
    case Settlement.LATE_ACCEPTED:
      return words.lateAccepted;
    case Settlement.LATE_REFUSED:
      return words.lateRefused;
    case Settlement.UNSPECIFIED:
      return t.post.outcome.unknown;
  }
}

function attemptEntries(attempt: PublishAttempt): Entry[] {
  const [word, tone] = outcomeOf(attempt);
  const entries: Entry[] = [{
    key: `attempt ${attempt.number}`,
    at: attempt.startTime,
    tone,
    content: (
      <>
        <b>{`${t.post.attempt(attempt.number)}: ${word}`}</b>
        {attempt.message !== "" && <p>{attempt.message}</p>}
        {(attempt.status !== 0 || attempt.code !== "" || attempt.requestId !== "") && (
          <details>
            <summary className="small">{t.post.details}</summary>
            <dl className="facts">
              {attempt.status !== 0 && <><dt>{t.post.status}</dt><dd>{attempt.status}</dd></>}
              {attempt.code !== "" && <><dt>{t.post.code}</dt><dd className="mono">{attempt.code}</dd></>}
              {attempt.requestId !== "" && <><dt>{t.post.requestId}</dt><dd className="mono">{attempt.requestId}</dd></>}
            </dl>
          </details>
        )}
      </>
    ),
  }];
  if (attempt.settleTime) {
    entries.push({ key: `settled ${attempt.number}`, at: attempt.settleTime, content: <b>{settlementWord(attempt.settlement)}</b> });
  }
  return entries;
}

function versionWord(version: PostVersion): string {
  switch (version.kind) {
    case PostVersionKind.TEXT:
      return t.post.textVersion(version.number);
    case PostVersionKind.SENTIMENT:
      return t.post.sentimentVersion;
    case PostVersionKind.HASHTAGS:
      return t.post.hashtagsVersion;
    case PostVersionKind.OPTIMIZATION:
      return t.post.optimizationVersion;
    case PostVersionKind.UNSPECIFIED:
      return t.post.outcome.unknown;
  }
}

function Version({ id, version, before }: { id: string; version: PostVersion; before: number }) {
  const [open, setOpen] = useState(false);
  const differs = version.kind === PostVersionKind.TEXT || version.kind === PostVersionKind.OPTIMIZATION;
  const engine = [version.engine, version.model].filter((name) => name !== "").join(", ");
  return (
    <>
      <b>{versionWord(version)}</b>
      {engine !== "" && <span className="muted small"> {t.post.byEngine(engine)}</span>}
      {version.sourceVersion > 0 && <p className="small">{t.post.takenFrom(version.sourceVersion)}</p>}
      {version.hashtags.length > 0 && <p>{version.hashtags.map((tag) => `#${tag}`).join(" ")}</p>}
      {differs && before > 0 && (
        <div>
          <Button compact look="quiet" aria-expanded={open} onPress={() => setOpen(!open)}>{open ? t.post.hideChange : t.post.showChange}</Button>
          {open && <Change id={id} from={before} to={version.number} />}
        </div>
      )}
    </>
  );
}

function Change({ id, from, to }: { id: string; from: number; to: number }) {
  const { data, error, isPending } = useQuery(PostService.method.diffPostVersions, { id, fromVersion: from, toVersion: to }, { staleTime: Infinity });
  if (isPending) {
    return <Skeleton lines={3} />;
  }
  return data ? <Diff parts={data.parts} /> : <ProblemNote error={error} />;
}
