import { createConnectQueryKey, useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { SessionService, type Session } from "@api/postwright/v1/session_pb";
import { cache } from "../api/cache";
import { transport } from "../api/client";
import { t } from "../i18n";
import { setPrefs, usePrefs, type Language, type Theme } from "../lib/prefs";
import { allZones, browserZone } from "../lib/time";
import { useSession } from "../shell/session";
import { Button } from "../ui/button";
import { tell } from "../ui/notices";
import { ProblemNote, Skeleton } from "../ui/problem";
import { When } from "../ui/when";

export function You() {
  const session = useSession();
  return (
    <div className="settings-columns">
      {session && <Profile key={session.displayName + session.timeZone} session={session} />}
      <Look />
      <Password />
      <Sessions />
    </div>
  );
}

function Profile({ session }: { session: Session }) {
  const [name, setName] = useState(session.displayName);
  const [zone, setZone] = useState(session.timeZone);
  const update = useMutation(SessionService.method.updateProfile, {
    onSuccess: async () => {
      await cache.invalidateQueries({
        queryKey: createConnectQueryKey({ schema: SessionService.method.getSession, transport, cardinality: undefined }),
      });
      tell(t.settings.saved);
    },
  });
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate({ displayName: name.trim(), timeZone: zone });
      }}
    >
      <h2>{t.settings.profile}</h2>
      <p className="muted">{session.email}</p>
      <div className="field">
        <label htmlFor="profile-name">{t.settings.name}</label>
        <input id="profile-name" autoComplete="name" maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
      </div>
      <div className="field">
        <label htmlFor="profile-zone">{t.settings.zone}</label>
        <select id="profile-zone" value={zone} onChange={(event) => setZone(event.target.value)}>
          <option value="">{t.settings.browserZone(browserZone())}</option>
          {[...new Set([...(session.timeZone === "" ? [] : [session.timeZone]), ...allZones()])].map((each) => <option key={each}>{each}</option>)}
        </select>
      </div>
      <ProblemNote error={update.error} />
      <div><Button type="submit" look="primary" isPending={update.isPending}>{t.action.save}</Button></div>
    </form>
  );
}

function Look() {
  const { theme, language, keys } = usePrefs();
  const themes: [Theme, string][] = [["system", t.theme.system], ["light", t.theme.light], ["dark", t.theme.dark]];
  return (
    <section className="card stack">
      <h2>{t.settings.browser}</h2>
      <fieldset className="stack tight">
        <legend className="label">{t.theme.label}</legend>
        {themes.map(([name, word]) => (
          <label key={name} className="check">
            <input type="radio" name="theme" checked={theme === name} onChange={() => setPrefs({ theme: name })} />
            {word}
          </label>
        ))}
      </fieldset>
      <div className="field">
        <label htmlFor="language">{t.settings.language}</label>
        <select
          id="language" value={language}
          onChange={(event) => {
            setPrefs({ language: event.target.value as Language });
            location.reload(); // the words are read as a page is made
          }}
        >
          <option value="browser">{t.settings.browserLanguage}</option>
          <option value="en" lang="en">{"English"}</option>
          <option value="de" lang="de">{"Deutsch"}</option>
        </select>
      </div>
      <label className="check">
        <input type="checkbox" checked={keys} onChange={(event) => setPrefs({ keys: event.target.checked })} />
        {t.shortcuts.single}
      </label>
    </section>
  );
}

function Password() {
  const empty = { currentPassword: "", newPassword: "" };
  const [form, setForm] = useState(empty);
  const change = useMutation(SessionService.method.changePassword, {
    onSuccess: async () => {
      setForm(empty);
      tell(t.settings.passwordChanged);
      await forgetSessions();
    },
  });
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(form);
      }}
    >
      <h2>{t.settings.password}</h2>
      <div className="field">
        <label htmlFor="password-now">{t.settings.passwordNow}</label>
        <input
          id="password-now" type="password" autoComplete="current-password" required value={form.currentPassword}
          onChange={(event) => setForm({ ...form, currentPassword: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor="password-new">{t.settings.passwordNew}</label>
        <input
          id="password-new" type="password" autoComplete="new-password" required minLength={8} maxLength={128} aria-describedby="password-new-help"
          value={form.newPassword} onChange={(event) => setForm({ ...form, newPassword: event.target.value })}
        />
        <span className="help" id="password-new-help">{t.settings.passwordHelp}</span>
      </div>
      <ProblemNote error={change.error} />
      <div><Button type="submit" isPending={change.isPending}>{t.settings.changePassword}</Button></div>
    </form>
  );
}

const forgetSessions = () => cache.invalidateQueries({
  queryKey: createConnectQueryKey({ schema: SessionService.method.listSessions, transport, cardinality: undefined }),
});

function Sessions() {
  const list = useInfiniteQuery(SessionService.method.listSessions, { pageSize: 20, pageToken: "" }, {
    pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined,
  });
  const end = useMutation(SessionService.method.endSession, { onSuccess: forgetSessions });
  return (
    <section className="card flush">
      <div className="card-head"><h2>{t.settings.sessions}</h2></div>
      <ProblemNote error={list.error ?? end.error} />
      {list.isPending
        ? <Skeleton lines={3} />
        : (
          <ul className="list">
            {list.data?.pages.flatMap((page) => page.sessions).map((session) => (
              <li key={session.id} className="list-row">
                <div className="grow">
                  <div className="line-1" title={session.userAgent}>{session.userAgent || t.settings.unknownBrowser}</div>
                  <div className="small muted">
                    {session.address !== "" && `${session.address} · `}
                    {t.settings.used} <When at={session.lastUseTime} />
                  </div>
                </div>
                {session.current
                  ? <span className="state tone-green">{t.settings.thisOne}</span>
                  : <Button compact onPress={() => end.mutate({ id: session.id })}>{t.settings.end}</Button>}
              </li>
            ))}
          </ul>
        )}
      {list.hasNextPage && <div className="list-row"><Button compact onPress={() => void list.fetchNextPage()}>{t.action.more}</Button></div>}
    </section>
  );
}
