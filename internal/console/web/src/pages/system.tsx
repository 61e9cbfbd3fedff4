import { useQuery } from "@connectrpc/connect-query";
import { CircleCheck, CircleHelp, CircleX, TriangleAlert } from "lucide-react";
import { CheckState, SystemService } from "@api/postwright/v1/system_service_pb";
import { t } from "../i18n";
import { useTitle } from "../lib/use";
import { Button } from "../ui/button";
import { ProblemNote, Skeleton } from "../ui/problem";

function Mark({ state }: { state: CheckState }) {
  switch (state) {
    case CheckState.OK:
      return <span className="state tone-green"><CircleCheck className="icon" aria-hidden />{t.system.ok}</span>;
    case CheckState.WARNING:
      return <span className="state tone-amber"><TriangleAlert className="icon" aria-hidden />{t.system.warning}</span>;
    case CheckState.FAILED:
      return <span className="state tone-red"><CircleX className="icon" aria-hidden />{t.system.failed}</span>;
    case CheckState.UNKNOWN:
    case CheckState.UNSPECIFIED:
      return <span className="state tone-grey"><CircleHelp className="icon" aria-hidden />{t.system.unknown}</span>;
  }
}

// System is what GetStatus says, the worst first.
export function System() {
  useTitle(t.system.title);
  const { data, error, isPending, isFetching, refetch } = useQuery(SystemService.method.getStatus, {});
  const checks = [...(data?.checks ?? [])].sort((a, b) => b.state - a.state);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.system.title}</h1>
        <Button onPress={() => void refetch()} isPending={isFetching}>{t.system.again}</Button>
      </div>
      <ProblemNote error={error} />
      {isPending
        ? <Skeleton lines={8} />
        : (
          <ul className="card flush list">
            {checks.map((check) => (
              <li key={check.name} className="list-row system-row">
                <span className="system-mark"><Mark state={check.state} /></span>
                <div className="grow">
                  <b>{check.name}</b>
                  <p>{check.detail}</p>
                  {check.remedy !== "" && <p className="muted">{check.remedy}</p>}
                </div>
              </li>
            ))}
          </ul>
        )}
    </div>
  );
}
