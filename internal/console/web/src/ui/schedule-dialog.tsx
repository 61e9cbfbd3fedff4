import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { Post } from "@api/postwright/v1/post_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { forgetLists, keepPost } from "../api/cache";
import { t } from "../i18n";
import { absolute, allZones, dateOf, wallClock } from "../lib/time";
import { useZone } from "../shell/session";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { tell } from "./notices";
import { ProblemNote } from "./problem";

// What the clocks show at the next full hour.
function nextHour(zone: string) {
  return wallClock(new Date(Math.ceil((Date.now() + 60_000) / 3_600_000) * 3_600_000), zone);
}

// ScheduleDialog asks when a post is to go out. The time is told to the server as the clocks of the zone show it: which moment
// that is, and whether there is one, the server says.
export function ScheduleDialog({ post, onClose, onScheduled }: { post: Post; onClose: () => void; onScheduled?: () => void }) {
  const own = useZone();
  const at = dateOf(post.scheduledTime);
  const [zone, setZone] = useState(at && post.timeZone !== "" ? post.timeZone : own);
  const [clock, setClock] = useState(() => (at && at > new Date() ? wallClock(at, zone) : nextHour(zone)));
  const schedule = useMutation(PostService.method.schedulePost, {
    onSuccess: ({ post: changed, warnings }) => {
      keepPost(changed);
      forgetLists();
      onClose();
      onScheduled?.();
      const date = dateOf(changed?.scheduledTime);
      if (date) {
        tell([t.schedule.scheduled(absolute(date, own, new Date())), ...warnings].join(" "));
      }
    },
  });
  return (
    <Dialog title={t.schedule.title} isOpen onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          schedule.mutate({ id: post.id, timeZone: zone, localTime: `${clock.date}T${clock.time}` });
        }}
      >
        <div className="row">
          <div className="field grow">
            <label htmlFor="schedule-date">{t.schedule.date}</label>
            <input
              id="schedule-date" type="date" required autoFocus min={wallClock(new Date(), zone).date} value={clock.date}
              onChange={(event) => setClock({ ...clock, date: event.target.value })}
            />
          </div>
          <div className="field grow">
            <label htmlFor="schedule-time">{t.schedule.time}</label>
            <input id="schedule-time" type="time" required value={clock.time} onChange={(event) => setClock({ ...clock, time: event.target.value })} />
          </div>
        </div>
        <div className="field">
          <label htmlFor="schedule-zone">{t.schedule.zone}</label>
          <select id="schedule-zone" value={zone} onChange={(event) => setZone(event.target.value)}>
            {[...new Set([zone, own, ...allZones()])].map((name) => <option key={name}>{name}</option>)}
          </select>
        </div>
        <ProblemNote error={schedule.error} />
        <div className="ends">
          <Button onPress={onClose}>{t.action.cancel}</Button>
          <Button look="primary" type="submit" isPending={schedule.isPending}>{t.schedule.submit}</Button>
        </div>
      </form>
    </Dialog>
  );
}
