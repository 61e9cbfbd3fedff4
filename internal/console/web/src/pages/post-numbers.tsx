import "uplot/dist/uPlot.min.css";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { PostService, type PostNumbers } from "@api/postwright/v1/post_service_pb";
import { t } from "../i18n";
import { usePrefs } from "../lib/prefs";
import { useZone } from "../shell/session";
import { Button } from "../ui/button";
import { ProblemNote, Skeleton } from "../ui/problem";
import { When } from "../ui/when";

// Numbers are what LinkedIn counted, now and over time.
export function Numbers({ id }: { id: string }) {
  const now = useQuery(PostService.method.getPostAnalytics, { id });
  const over = useQuery(PostService.method.listPostNumbers, { id });
  const refresh = useMutation(PostService.method.refreshPostAnalytics, {
    onSuccess: () => Promise.all([now.refetch(), over.refetch()]),
  });
  if (now.isPending || over.isPending) {
    return <Skeleton lines={4} />;
  }
  const known = refresh.data?.analytics ?? now.data?.analytics;
  const numbers = over.data?.numbers ?? [];
  return (
    <section className="stack" aria-label={t.post.numbers}>
      <div className="row between">
        <h2>{t.post.numbers}</h2>
        <Button compact onPress={() => refresh.mutate({ id })} isPending={refresh.isPending}>{t.post.refreshNumbers}</Button>
      </div>
      <ProblemNote error={refresh.error ?? now.error ?? over.error} />
      {known?.refreshTime
        ? (
          <>
            <dl className="figures card">
              <Figure word={t.post.impressions} value={known.viewsCount} />
              <Figure word={t.post.reactions} value={known.likesCount} />
              <Figure word={t.post.comments} value={known.commentsCount} />
              <Figure word={t.post.shares} value={known.sharesCount} />
            </dl>
            {known.unknown.map((unknown) => <p key={unknown.field} className="small muted">{unknown.reason}</p>)}
            <p className="small muted">{t.post.asked} <When at={known.refreshTime} /></p>
          </>
        )
        : <p className="muted">{t.post.numbersNone}</p>}
      {numbers.length > 1 && <Chart numbers={numbers} />}
      {numbers.length > 0 && <AsTable numbers={numbers} />}
    </section>
  );
}

function Figure({ word, value }: { word: string; value: bigint | undefined }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd className={value === undefined ? "unknown" : ""}>{value === undefined ? t.post.unknownCount : value.toLocaleString()}</dd>
    </div>
  );
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- uPlot has its sides as an enum in its types alone
const right: uPlot.Axis.Side = 1;

const series = (numbers: PostNumbers[], pick: (n: PostNumbers) => bigint | undefined) =>
  numbers.map((n) => {
    const value = pick(n);
    return value === undefined ? null : Number(value);
  });

function Chart({ numbers }: { numbers: PostNumbers[] }) {
  const place = useRef<HTMLDivElement>(null);
  const { theme } = usePrefs();
  const zone = useZone();
  useEffect(() => {
    const element = place.current;
    if (!element) {
      return undefined;
    }
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name);
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const plot = new uPlot({
      width: element.clientWidth,
      height: 220,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      series: [
        {},
        { label: t.post.impressions, stroke: colour("--accent"), fill: colour("--accent-soft"), width: 2 },
        { label: t.post.reactions, stroke: colour("--green"), width: 2, dash: [6, 3], scale: "few" },
        { label: t.post.comments, stroke: colour("--amber"), width: 2, dash: [2, 3], scale: "few" },
      ],
      axes: [axis, axis, { ...axis, scale: "few", side: right, grid: { show: false } }],
    }, [
      numbers.map((n) => (n.countTime ? timestampMs(n.countTime) / 1000 : 0)),
      series(numbers, (n) => n.viewsCount),
      series(numbers, (n) => n.likesCount),
      series(numbers, (n) => n.commentsCount),
    ], element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 220 }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [numbers, theme, zone]);
  return <div ref={place} className="card" role="img" aria-label={t.post.chart} />;
}

function AsTable({ numbers }: { numbers: PostNumbers[] }) {
  const cell = (value: bigint | undefined) => <td className="number">{value === undefined ? t.post.unknownCount : value.toLocaleString()}</td>;
  return (
    <details>
      <summary>{t.post.numbersTable}</summary>
      <div className="table-scroll" tabIndex={0} role="region" aria-label={t.post.numbers}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.post.asked}</th>
              <th scope="col" className="number">{t.post.impressions}</th>
              <th scope="col" className="number">{t.post.reactions}</th>
              <th scope="col" className="number">{t.post.comments}</th>
              <th scope="col" className="number">{t.post.shares}</th>
            </tr>
          </thead>
          <tbody>
            {[...numbers].reverse().map((n, i) => (
              <tr key={i}>
                <td><When at={n.countTime} plain /></td>
                {cell(n.viewsCount)}
                {cell(n.likesCount)}
                {cell(n.commentsCount)}
                {cell(n.sharesCount)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
