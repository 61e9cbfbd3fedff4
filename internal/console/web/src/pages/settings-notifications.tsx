import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { createConnectQueryKey, useInfiniteQuery, useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import {
  NotificationChannel, NotificationEvent, NotificationService, NotificationState, type EventPreference, type Notification, type NotificationPreferences,
} from "@api/postwright/v1/notification_service_pb";
import { cache } from "../api/cache";
import { transport } from "../api/client";
import { t } from "../i18n";
import { allZones } from "../lib/time";
import { useSession, useZone } from "../shell/session";
import { Button } from "../ui/button";
import { tell } from "../ui/notices";
import { ProblemNote, Skeleton } from "../ui/problem";
import { When } from "../ui/when";

export function Notifications() {
  const { data, error, isPending, refetch } = useQuery(NotificationService.method.getPreferences, {});
  if (isPending) {
    return <Skeleton lines={8} />;
  }
  return (
    <div className="settings-columns">
      <ProblemNote error={error} retry={() => void refetch()} />
      {data?.preferences && <Preferences preferences={data.preferences} onSaved={() => refetch()} />}
      <Sent />
    </div>
  );
}

function eventWord(event: NotificationEvent): string {
  const words = t.settings.events;
  switch (event) {
    case NotificationEvent.PUBLISHED:
      return words.published;
    case NotificationEvent.FAILED:
      return words.failed;
    case NotificationEvent.UNCONFIRMED:
      return words.unconfirmed;
    case NotificationEvent.WAITING:
      return words.waiting;
    case NotificationEvent.TOKEN_EXPIRING:
      return words.tokenExpiring;
    case NotificationEvent.VERSION_ENDING:
      return words.versionEnding;
    case NotificationEvent.WEBHOOK_OFF:
      return words.webhookOff;
    case NotificationEvent.UNSPECIFIED:
      return words.own;
  }
}

const plain = ({ event, email, push }: EventPreference) => ({ event, email, push });

function Preferences({ preferences, onSaved }: { preferences: NotificationPreferences; onSaved: () => Promise<unknown> }) {
  const zone = useZone();
  const [events, setEvents] = useState(() => preferences.events.map(plain));
  const [quiet, setQuiet] = useState(preferences.quietHours !== undefined);
  const [hours, setHours] = useState({
    startTime: preferences.quietHours?.startTime ?? "22:00",
    endTime: preferences.quietHours?.endTime ?? "07:00",
    timeZone: preferences.quietHours?.timeZone ?? zone,
  });
  const update = useMutation(NotificationService.method.updatePreferences, {
    onSuccess: async () => {
      await onSaved();
      tell(t.settings.saved);
    },
  });
  const change = (event: NotificationEvent, how: Partial<{ email: boolean; push: boolean }>) =>
    setEvents(events.map((each) => (each.event === event ? { ...each, ...how } : each)));
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate({
          preferences: { events, ...(quiet && { quietHours: hours }) },
          updateMask: create(FieldMaskSchema, { paths: ["events", "quiet_hours"] }),
        });
      }}
    >
      <h2>{t.settings.told}</h2>
      <table className="prefs">
        <thead>
          <tr>
            <th scope="col">{t.settings.event}</th>
            <th scope="col">{t.settings.email}</th>
            <th scope="col">{t.settings.push}</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ event, email, push }) => (
            <tr key={event}>
              <th scope="row">{eventWord(event)}</th>
              <td>
                <input
                  type="checkbox" checked={email} aria-label={`${eventWord(event)}: ${t.settings.email}`}
                  onChange={(e) => change(event, { email: e.target.checked })}
                />
              </td>
              <td>
                <input
                  type="checkbox" checked={push} aria-label={`${eventWord(event)}: ${t.settings.push}`}
                  onChange={(e) => change(event, { push: e.target.checked })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <label className="check">
        <input type="checkbox" checked={quiet} onChange={(event) => setQuiet(event.target.checked)} />
        {t.settings.quiet}
      </label>
      {quiet && (
        <div className="row">
          <div className="field">
            <label htmlFor="quiet-from">{t.settings.from}</label>
            <input id="quiet-from" type="time" required value={hours.startTime} onChange={(e) => setHours({ ...hours, startTime: e.target.value })} />
          </div>
          <div className="field">
            <label htmlFor="quiet-to">{t.settings.to}</label>
            <input id="quiet-to" type="time" required value={hours.endTime} onChange={(e) => setHours({ ...hours, endTime: e.target.value })} />
          </div>
          <div className="field grow">
            <label htmlFor="quiet-zone">{t.settings.zone}</label>
            <select id="quiet-zone" value={hours.timeZone} onChange={(e) => setHours({ ...hours, timeZone: e.target.value })}>
              {[...new Set([hours.timeZone, ...allZones()])].map((each) => <option key={each}>{each}</option>)}
            </select>
          </div>
        </div>
      )}
      <ProblemNote error={update.error} />
      <div><Button type="submit" look="primary" isPending={update.isPending}>{t.action.save}</Button></div>
    </form>
  );
}

const forgetSent = () => cache.invalidateQueries({
  queryKey: createConnectQueryKey({ schema: NotificationService.method.listNotifications, transport, cardinality: undefined }),
});

function Sent() {
  const session = useSession();
  const list = useInfiniteQuery(NotificationService.method.listNotifications, { pageSize: 20, pageToken: "" }, {
    pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined,
  });
  const resend = useMutation(NotificationService.method.resendNotification, { onSuccess: forgetSent });
  const test = useMutation(NotificationService.method.sendEmail, {
    onSuccess: async ({ delivered, sender }) => {
      tell(delivered ? t.settings.testSent(sender) : t.settings.testFailed);
      await forgetSent();
    },
  });
  const notifications = list.data?.pages.flatMap((page) => page.notifications) ?? [];
  return (
    <section className="card flush">
      <div className="card-head row between">
        <h2>{t.settings.sent}</h2>
        {session && (
          <Button
            compact isPending={test.isPending}
            onPress={() => test.mutate({ to: session.email, subject: t.settings.testSubject, content: t.settings.testContent })}
          >
            {t.settings.sendMeOne}
          </Button>
        )}
      </div>
      <ProblemNote error={list.error ?? resend.error ?? test.error} />
      {list.isPending
        ? <Skeleton lines={4} />
        : notifications.length === 0
          ? <p className="list-row muted">{t.settings.nothingSent}</p>
          : (
            <ul className="list">
              {notifications.map((notification) => (
                <Message key={notification.id} notification={notification} onResend={() => resend.mutate({ id: notification.id })} />
              ))}
            </ul>
          )}
      {list.hasNextPage && <div className="list-row"><Button compact onPress={() => void list.fetchNextPage()}>{t.action.more}</Button></div>}
    </section>
  );
}

function Message({ notification, onResend }: { notification: Notification; onResend: () => void }) {
  const states = {
    [NotificationState.UNSPECIFIED]: ["grey", t.state.unknown],
    [NotificationState.WAITING]: ["blue", t.settings.waiting],
    [NotificationState.SENDING]: ["blue", t.settings.sending],
    [NotificationState.DELIVERED]: ["green", t.settings.delivered],
    [NotificationState.FAILED]: ["red", t.settings.notDelivered],
  } as const;
  const [tone, word] = states[notification.state];
  const channel = notification.channel === NotificationChannel.PUSH ? t.settings.push : t.settings.email;
  return (
    <li className="list-row">
      <div className="grow">
        <div className="line-1">{notification.subject}</div>
        <div className="small muted">{`${channel} (${notification.sender}) · `}<When at={notification.createTime} /></div>
        {notification.problem !== "" && <div className="small">{notification.problem}</div>}
      </div>
      <span className={`state tone-${tone}`}>{word}</span>
      {notification.state === NotificationState.FAILED && notification.event !== NotificationEvent.UNSPECIFIED && (
        <Button compact onPress={onResend}>{t.settings.resend}</Button>
      )}
    </li>
  );
}
