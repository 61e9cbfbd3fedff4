import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useZone } from "../shell/session";
import { absolute, browserZone, dateOf, full, relative } from "../lib/time";
import { useNow } from "../lib/use";

// A time, absolute and relative, in the zone of whoever reads it; the zone is named where the browser's is another.
export function When({ at, plain }: { at: Timestamp | undefined; plain?: boolean }) {
  const zone = useZone();
  const now = useNow();
  const date = dateOf(at);
  if (!date) {
    return null;
  }
  return (
    <time dateTime={date.toISOString()} title={full(date, zone)} className="nowrap">
      {absolute(date, zone, now)}
      {!plain && `, ${relative(date, now)}`}
      {zone !== browserZone() && ` (${zone})`}
    </time>
  );
}
