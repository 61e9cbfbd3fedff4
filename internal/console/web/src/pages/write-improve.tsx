import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { AnalysisService, OptimizationType, type AnalysisSource, type OptimizePostResponse } from "@api/postwright/v1/analysis_service_pb";
import type { EngagementForecast } from "@api/postwright/v1/engagement_pb";
import { SentimentLabel } from "@api/postwright/v1/post_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { t } from "../i18n";
import { compose, isChange, piecesOf } from "../lib/hunks";
import { useZone } from "../shell/session";
import { Button } from "../ui/button";
import { ProblemNote, Skeleton } from "../ui/problem";
import type { Draft } from "./write-draft";

const types: [OptimizationType, () => string][] = [
  [OptimizationType.ENGAGEMENT, () => t.write.types.engagement],
  [OptimizationType.CLARITY, () => t.write.types.clarity],
  [OptimizationType.BREVITY, () => t.write.types.brevity],
  [OptimizationType.PROFESSIONAL_TONE, () => t.write.types.professional],
];

// Improve has the engines look at the text. What they suggest changes nothing until somebody takes it.
export function Improve({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const zone = useZone();
  const [wanted, setWanted] = useState<OptimizationType>();
  const optimize = useMutation(AnalysisService.method.optimizePost);
  const sentiment = useMutation(AnalysisService.method.analyzeSentiment);
  const hashtags = useMutation(AnalysisService.method.generateHashtags);
  const forecast = useMutation(AnalysisService.method.predictEngagement);
  const [problem, setProblem] = useState<unknown>();

  // An engine is asked about the text that the server has.
  const withPost = (act: (id: string) => void) => {
    setProblem(undefined);
    draft.flush().then((post) => act(post.id), setProblem);
  };
  const { content } = draft.fields;
  return (
    <section className="card stack" aria-label={t.write.improveTitle}>
      <div className="row between">
        <h2>{t.write.improveTitle}</h2>
        <Button look="quiet" compact onPress={onClose}>{t.action.close}</Button>
      </div>
      <div className="row">
        {types.map(([type, word]) => (
          <Button
            key={type} compact isPending={optimize.isPending && wanted === type}
            onPress={() => {
              setWanted(type);
              withPost((id) => optimize.mutate({ id, optimizationType: type }));
            }}
          >
            {word()}
          </Button>
        ))}
      </div>
      <ProblemNote error={optimize.error ?? problem} />
      {optimize.data && (
        <Suggestion
          key={optimize.data.version} draft={draft} suggestion={optimize.data} onEnd={() => optimize.reset()}
        />
      )}
      <div className="row">
        <Button compact isPending={hashtags.isPending} onPress={() => hashtags.mutate({ content })}>{t.write.suggest}</Button>
        <Button
          compact isPending={sentiment.isPending || forecast.isPending}
          onPress={() => {
            sentiment.mutate({ text: content });
            withPost((id) => forecast.mutate({ id, timeZone: zone }));
          }}
        >
          {t.write.analyse}
        </Button>
      </div>
      <ProblemNote error={hashtags.error ?? sentiment.error ?? forecast.error} />
      {hashtags.data && (
        <div className="stack tight">
          <span className="label">{t.write.suggested}</span>
          <ul className="tags">
            {hashtags.data.hashtags.map((tag) => {
              const there = draft.fields.hashtags.includes(tag);
              return (
                <li key={tag}>
                  <button
                    type="button" className="chip" aria-pressed={there}
                    onClick={() => draft.set({
                      hashtags: there ? draft.fields.hashtags.filter((other) => other !== tag) : [...draft.fields.hashtags, tag],
                    })}
                  >
                    {`#${tag}`}
                  </button>
                </li>
              );
            })}
          </ul>
          <Source source={hashtags.data.source} />
        </div>
      )}
      {sentiment.data && (
        <div>
          <span className="label">{t.write.tone}</span>
          <p>{`${toneWord(sentiment.data.label)} (${sentiment.data.score.toFixed(2)})`}</p>
          <Source source={sentiment.data.source} />
        </div>
      )}
      {forecast.data?.forecast && <Forecast forecast={forecast.data.forecast} />}
    </section>
  );
}

function toneWord(label: SentimentLabel): string {
  switch (label) {
    case SentimentLabel.NEGATIVE:
      return t.write.tones.negative;
    case SentimentLabel.POSITIVE:
      return t.write.tones.positive;
    case SentimentLabel.NEUTRAL:
      return t.write.tones.neutral;
    case SentimentLabel.UNSPECIFIED:
      return t.state.unknown;
  }
}

// Who gave an answer, and who was asked before and gave none.
function Source({ source }: { source: AnalysisSource | undefined }) {
  if (!source) {
    return null;
  }
  return (
    <p className="small muted">
      {t.write.byEngine([source.engine, source.model].filter((name) => name !== "").join(", "))}
      {source.passedOver.map((failure) => <span key={failure.engine}> {t.write.passedOver(failure.engine, failure.message)}</span>)}
    </p>
  );
}

function Forecast({ forecast }: { forecast: EngagementForecast }) {
  return (
    <div>
      <span className="label">{t.write.forecast}</span>
      {forecast.engagement === undefined
        ? <p>{forecast.unknownReason}</p>
        : (
          <>
            <p>{t.write.forecastOf(Math.round(forecast.engagement))}</p>
            {!forecast.betterThanAverage && <p className="small muted">{t.write.forecastPlain}</p>}
            {forecast.meanError !== undefined && (
              <p className="small muted">{t.write.forecastError(Math.round(forecast.meanError), forecast.posts)}</p>
            )}
          </>
        )}
    </div>
  );
}

interface SuggestionProps {
  draft: Draft;
  suggestion: OptimizePostResponse;
  onEnd: () => void;
}

// A better text as a diff to the one that is there, to be taken whole or change by change.
function Suggestion({ draft, suggestion, onEnd }: SuggestionProps) {
  const id = draft.base?.id ?? "";
  const { data, error, isPending } = useQuery(PostService.method.diffPostVersions, { id, toVersion: suggestion.version }, { staleTime: Infinity });
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  if (isPending) {
    return <Skeleton lines={3} />;
  }
  if (!data) {
    return <ProblemNote error={error} />;
  }
  const pieces = piecesOf(data.parts);
  const changes = pieces.flatMap((piece, i) => (isChange(piece) ? [i] : []));
  if (changes.length === 0) {
    return <p>{t.write.noChange}</p>;
  }
  if (compose(pieces, new Set()) !== draft.fields.content) {
    return <p>{t.write.outdated}</p>;
  }
  const taken = new Set(changes.filter((i) => !left.has(i)));
  const take = (which: ReadonlySet<number>) => {
    draft.set({ content: compose(pieces, which) }, suggestion.version);
    onEnd();
  };
  const toggle = (i: number) => {
    const next = new Set(left);
    if (!next.delete(i)) {
      next.add(i);
    }
    setLeft(next);
  };
  return (
    <div className="stack tight">
      <p className="diff card">
        {pieces.map((piece, i) => (isChange(piece)
          ? (
            <label key={i} className="hunk">
              <input type="checkbox" checked={!left.has(i)} onChange={() => toggle(i)} aria-label={t.write.change(changes.indexOf(i) + 1)} />
              <del>{piece.deleted}</del>
              <ins>{piece.inserted}</ins>
            </label>
          )
          : <span key={i}>{piece.kept}</span>))}
      </p>
      <Source source={suggestion.source} />
      <div className="row">
        <Button look="primary" compact onPress={() => take(taken)}>{taken.size === changes.length ? t.write.takeAll : t.write.take}</Button>
        <Button compact look="quiet" onPress={onEnd}>{t.write.dismiss}</Button>
      </div>
    </div>
  );
}
