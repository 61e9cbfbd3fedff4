import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { CircleCheck, CircleX, Clock, Info } from "lucide-react";
import { useEffect } from "react";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { t } from "../i18n";
import { useDebounced } from "../lib/use";
import { ProblemNote } from "../ui/problem";
import type { Draft } from "./write-draft";

// Verdicts says as one types whether the post would go out: what is saved is asked for as the server has it, anything else as it is
// written here.
export function Verdicts({ draft }: { draft: Draft }) {
  const { fields, base, dirty } = draft;
  const rested = useDebounced(fields, 500);
  const saved = base !== undefined && !dirty;
  const { data, error, refetch } = useQuery(
    PostService.method.validatePost,
    { subject: saved ? { case: "id", value: base.id } : { case: "post", value: rested } },
    { enabled: saved || rested.content.trim() !== "", placeholderData: keepPreviousData, staleTime: 0 },
  );
  const etag = saved ? base.etag : "";
  useEffect(() => {
    if (etag !== "") {
      void refetch();
    }
  }, [etag, refetch]);
  if (fields.content.trim() === "") {
    return null;
  }
  if (!data) {
    return error ? <ProblemNote error={error} /> : <p className="small muted">{t.write.checking}</p>;
  }
  const hard = data.verdicts.filter((verdict) => !verdict.waits);
  const [tone, icon, word] = hard.length > 0
    ? ["red", <CircleX key="i" className="icon" aria-hidden />, t.write.problems(hard.length)] as const
    : data.verdicts.length > 0
      ? ["amber", <Clock key="i" className="icon" aria-hidden />, t.write.waits] as const
      : data.warnings.length > 0
        ? ["amber", <Info key="i" className="icon" aria-hidden />, t.write.notes(data.warnings.length)] as const
        : ["green", <CircleCheck key="i" className="icon" aria-hidden />, t.write.ready] as const;
  return (
    <div className={`callout ${tone}`}>
      {icon}
      <div className="grow stack tight">
        <div role="status">{word}</div>
        {data.verdicts.map((verdict) => (
          <p key={verdict.code + verdict.field} className="small"><b>{verdict.message}</b> {verdict.remedy}</p>
        ))}
        {data.warnings.map((warning) => <p key={warning} className="small">{warning}</p>)}
        {data.payload !== "" && (
          <details>
            <summary className="small">{t.write.payload}</summary>
            <pre className="payload mono" tabIndex={0}>{data.payload}</pre>
          </details>
        )}
      </div>
    </div>
  );
}
