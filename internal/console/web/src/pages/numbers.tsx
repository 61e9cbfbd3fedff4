import "./numbers.css";
import { useQuery } from "@connectrpc/connect-query";
import { getRouteApi } from "@tanstack/react-router";
import { AnalysisService } from "@api/postwright/v1/analysis_service_pb";
import { t } from "../i18n";
import { useTitle } from "../lib/use";
import { language } from "../i18n";
import { useZone } from "../shell/session";
import { useAccounts } from "../ui/accounts";
import { ButtonLink } from "../ui/button";
import { ProblemNote, Skeleton } from "../ui/problem";

const route = getRouteApi("/signed-in/numbers");

interface Cell {
  word: string;
  posts: number;
  median: number | undefined;
}

// Numbers says at which hours and on which days posts came to most. The API tells hours and days each by themselves.
export function Numbers() {
  useTitle(t.numbers.title);
  const zone = useZone();
  const { account } = route.useSearch();
  const navigate = route.useNavigate();
  const { accounts } = useAccounts();
  const { data, error, isPending, refetch } = useQuery(AnalysisService.method.getBestTimes, { accountId: account ?? "", timeZone: zone });
  const weekday = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { weekday: "long", timeZone: "UTC" });
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.numbers.title}</h1>
        {accounts.length > 1 && (
          <label className="row small">
            {t.posts.account}
            <select
              className="input" value={account ?? ""}
              onChange={(event) => void navigate({ search: event.target.value === "" ? {} : { account: event.target.value } })}
            >
              <option value="">{t.post.defaultAccount}</option>
              {accounts.map(({ id, displayName }) => <option key={id} value={id}>{displayName}</option>)}
            </select>
          </label>
        )}
      </div>
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending
        ? <Skeleton lines={6} />
        : data && (
          <>
            {data.unknownReason === ""
              ? <p>{t.numbers.intro(data.posts, data.timeZone)}</p>
              : (
                <div className="card empty">
                  <h2>{t.numbers.notYet}</h2>
                  <p className="muted">{data.unknownReason}</p>
                  <ButtonLink to="/posts" search={{ state: ["published"] }}>{t.numbers.published}</ButtonLink>
                </div>
              )}
            {data.posts > 0 && (
              <>
                <Strip title={t.numbers.weekdays} cells={data.weekdays.map((day) => ({
                  // 1 January 2024 was a Monday.
                  word: weekday.format(Date.UTC(2024, 0, day.weekday)), posts: day.posts, median: day.medianEngagement,
                }))}
                />
                <Strip title={t.numbers.hours} cells={data.hours.map((hour) => ({
                  word: `${String(hour.hour).padStart(2, "0")}:00`, posts: hour.posts, median: hour.medianEngagement,
                }))}
                />
                <p className="small muted">{t.numbers.few}</p>
              </>
            )}
          </>
        )}
    </div>
  );
}

function Strip({ title, cells }: { title: string; cells: Cell[] }) {
  const most = Math.max(1, ...cells.map((cell) => cell.median ?? 0));
  return (
    <section className="card stack">
      <h2>{title}</h2>
      <ul className="heat">
        {cells.map((cell) => (
          <li
            key={cell.word} className={cell.median === undefined ? "heat-cell few" : "heat-cell"}
            style={cell.median === undefined ? undefined : { "--heat": `${Math.round((cell.median / most) * 100)}%` }}
          >
            <span className="small">{cell.word}</span>
            <b>{cell.median === undefined ? "–" : Math.round(cell.median)}</b>
            <span className="small">{t.numbers.posts(cell.posts)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
