import { TriangleAlert } from "lucide-react";
import { problemOf } from "../api/problem";
import { t } from "../i18n";
import { Button } from "./button";

// What went wrong, in the server's words, and what can be done.
export function ProblemNote({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error === null || error === undefined) {
    return null;
  }
  return (
    <div className="callout red" role="alert">
      <TriangleAlert className="icon" aria-hidden />
      <div className="grow">{problemOf(error).message}</div>
      {retry && <Button compact onPress={retry}>{t.action.tryAgain}</Button>}
    </div>
  );
}

export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div className="skeleton" aria-busy="true" aria-label={t.loading} role="status">
      {Array.from({ length: lines }, (_, i) => <div key={i} />)}
    </div>
  );
}
