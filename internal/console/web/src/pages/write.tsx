import "./write.css";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Check, CircleAlert, CloudUpload, TriangleAlert, WandSparkles } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { PostState, Visibility, type Post } from "@api/postwright/v1/post_pb";
import { AnalysisService } from "@api/postwright/v1/analysis_service_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { t } from "../i18n";
import { maxUnits, shownText } from "../lib/text";
import { time } from "../lib/time";
import { useDebounced, useTitle } from "../lib/use";
import { useSession, useZone } from "../shell/session";
import { accountName, useAccounts } from "../ui/accounts";
import { Button, ButtonLink } from "../ui/button";
import { LinkedInView } from "../ui/linkedin-view";
import { ProblemNote, Skeleton } from "../ui/problem";
import { PublishDialog } from "../ui/publish-dialog";
import { ScheduleDialog } from "../ui/schedule-dialog";
import { StateBadge } from "../ui/state";
import { Conflict } from "./write-conflict";
import { useDraft, type Draft } from "./write-draft";
import { Hashtags } from "./write-hashtags";
import { Verdicts } from "./write-verdicts";

const Improve = lazy(() => import("./write-improve").then(({ Improve }) => ({ default: Improve })));

const route = getRouteApi("/signed-in/write/{-$id}");

export function Write() {
  const { id } = route.useParams();
  // A new post gets its address with the first save, and stays the same page.
  const [made, setMade] = useState<Post>();
  const [was, setWas] = useState(id);
  const [serial, setSerial] = useState(0);
  if (was !== id) {
    setWas(id);
    if (id === undefined) { // another new post is begun
      setMade(undefined);
      setSerial(serial + 1);
    }
  }
  const { data, error, isPending, refetch } = useQuery(PostService.method.getPost, { id: id ?? "" }, {
    enabled: id !== undefined && made?.id !== id, staleTime: 0, gcTime: 0,
  });
  useTitle(t.write.title);
  if (id === undefined || made?.id === id) {
    return <Editor key={`new ${serial}`} post={undefined} onCreated={setMade} />;
  }
  if (isPending) {
    return <div className="page"><Skeleton lines={10} /></div>;
  }
  if (!data?.post) {
    return <div className="page"><ProblemNote error={error} retry={() => void refetch()} /></div>;
  }
  const { state } = data.post;
  if (state !== PostState.DRAFT && state !== PostState.FAILED && state !== PostState.SCHEDULED) {
    return (
      <div className="page">
        <StateBadge state={state} />
        <p>{t.write.fixed}</p>
        <div><ButtonLink to="/posts/$id" params={{ id }}>{t.write.open}</ButtonLink></div>
      </div>
    );
  }
  return <Editor key={id} post={data.post} />;
}

interface EditorProps {
  post: Post | undefined;
  onCreated?: (post: Post) => void;
}

function Editor({ post, onCreated }: EditorProps) {
  const navigate = route.useNavigate();
  const created = useCallback((made: Post) => {
    onCreated?.(made);
    void navigate({ to: "/write/{-$id}", params: { id: made.id }, replace: true });
  }, [navigate, onCreated]);
  const draft = useDraft(useSession()?.userId ?? "", post, created);
  const { accounts } = useAccounts();
  const [phone, setPhone] = useState(false);
  const [improving, setImproving] = useState(false);
  const [asking, setAsking] = useState<{ what: "schedule" | "publish"; post: Post }>();
  const { fields, set, flush } = draft;
  const author = accountName(accounts, fields.accountId);
  const shown = shownText(fields.content, fields.hashtags);
  const blank = fields.content.trim() === "";

  const ask = useCallback((what: "schedule" | "publish") => {
    flush().then((saved) => setAsking({ what, post: saved }), () => undefined); // the draft tells what went wrong
  }, [flush]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && !blank && document.querySelector("[role=dialog],[role=alertdialog]") === null) {
        event.preventDefault();
        ask("publish");
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [ask, blank]);

  return (
    <div className="page write">
      <div className="page-head">
        <h1>{t.write.title}</h1>
        <Saved draft={draft} />
      </div>
      {draft.theirs && <Conflict draft={draft} theirs={draft.theirs} />}
      <ProblemNote error={draft.problem} retry={() => void flush().catch(() => undefined)} />
      <div className="write-columns">
        <div className="stack">
          <div className="card write-sheet">
            <label className="hidden-visually" htmlFor="text">{t.write.text}</label>
            <textarea
              id="text" className="write-text" value={fields.content} placeholder={t.write.placeholder} autoFocus={post === undefined}
              onChange={(event) => set({ content: event.target.value })} aria-describedby="units"
            />
            <Under draft={draft} units={shown.length} />
          </div>
          <Hashtags tags={fields.hashtags} onChange={(hashtags) => set({ hashtags })} />
          <Verdicts draft={draft} />
          {!improving && (
            <div>
              <Button onPress={() => setImproving(true)} isDisabled={blank}>
                <WandSparkles className="icon" aria-hidden />
                {t.write.improve}
              </Button>
            </div>
          )}
          {improving && <Suspense fallback={<Skeleton lines={4} />}><Improve draft={draft} onClose={() => setImproving(false)} /></Suspense>}
        </div>
        <div className="stack write-preview">
          <div className="row between">
            <h2>{t.post.preview}</h2>
            <div className="row" role="group" aria-label={t.preview.width}>
              <button type="button" className="chip" aria-pressed={!phone} onClick={() => setPhone(false)}>{t.preview.desktop}</button>
              <button type="button" className="chip" aria-pressed={phone} onClick={() => setPhone(true)}>{t.preview.phone}</button>
            </div>
          </div>
          <LinkedInView author={author} text={shown} phone={phone} />
          <p className="small muted">{t.preview.wordsOnly}</p>
        </div>
      </div>
      <div className="write-bar">
        <label className="row small">
          <span>{t.write.account}</span>
          <select className="input" value={fields.accountId} onChange={(event) => set({ accountId: event.target.value })}>
            <option value="">{`${accountName(accounts, "")} (${t.write.default})`}</option>
            {accounts.map((account) => <option key={account.id} value={account.id}>{account.displayName}</option>)}
          </select>
        </label>
        <label className="row small">
          <span>{t.write.visibility}</span>
          <select className="input" value={fields.visibility === Visibility.CONNECTIONS ? "connections" : "public"} onChange={(event) => set({ visibility: event.target.value === "connections" ? Visibility.CONNECTIONS : Visibility.PUBLIC })}>
            <option value="public">{t.visibility.public}</option>
            <option value="connections">{t.visibility.connections}</option>
          </select>
        </label>
        <span className="grow" />
        <Button onPress={() => ask("schedule")} isDisabled={blank}>{t.action.schedule}</Button>
        <Button look="primary" onPress={() => ask("publish")} isDisabled={blank}>{t.action.publishNow}</Button>
      </div>
      {asking?.what === "schedule" && (
        <ScheduleDialog
          post={asking.post} onClose={() => setAsking(undefined)}
          onScheduled={() => void navigate({ to: "/posts/$id", params: { id: asking.post.id } })}
        />
      )}
      {asking?.what === "publish" && (
        <PublishDialog
          post={asking.post} author={author} onClose={() => setAsking(undefined)}
          onPublished={() => void navigate({ to: "/posts/$id", params: { id: asking.post.id } })}
        />
      )}
    </div>
  );
}

function Saved({ draft }: { draft: Draft }) {
  const zone = useZone();
  const [icon, word] = draft.theirs
    ? [<TriangleAlert key="i" className="icon small" aria-hidden />, t.write.notSaved]
    : draft.saving
      ? [<CloudUpload key="i" className="icon small" aria-hidden />, t.write.saving]
      : draft.problem !== undefined
        ? [<CircleAlert key="i" className="icon small" aria-hidden />, t.write.notSaved]
        : draft.dirty
          ? [null, t.write.unsaved]
          : draft.savedAt
            ? [<Check key="i" className="icon small" aria-hidden />, t.write.savedAt(time(draft.savedAt, zone))]
            : [null, ""];
  return <span className="row small muted" role="status">{icon}{word}</span>;
}

function Under({ draft, units }: { draft: Draft; units: number }) {
  const left = maxUnits - units;
  return (
    <div className="row small write-under">
      <span id="units" className={left < 0 ? "units over" : left < 200 ? "units near" : "units"}>{left < 0 ? t.write.over(-left) : t.write.left(left)}</span>
      <ReadingEase text={draft.fields.content} />
    </div>
  );
}

function ReadingEase({ text }: { text: string }) {
  const rested = useDebounced(text, 700);
  const { data } = useQuery(AnalysisService.method.analyzeReadability, { text: rested }, {
    enabled: rested.trim() !== "", staleTime: Infinity, placeholderData: keepPreviousData,
  });
  const ease = data?.readability?.readingEase;
  return ease === undefined || rested.trim() === "" ? null : <span className="muted">{t.write.ease(Math.round(ease))}</span>;
}
