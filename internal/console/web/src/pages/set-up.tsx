import { useMutation } from "@connectrpc/connect-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useState, type SubmitEvent } from "react";
import { SessionService } from "@api/postwright/v1/session_pb";
import { cache } from "../api/cache";
import { t } from "../i18n";
import { allZones, browserZone } from "../lib/time";
import { useTitle } from "../lib/use";
import { Button } from "../ui/button";
import { ProblemNote } from "../ui/problem";
import { takeToken } from "./sign-in";

// The first user of a new Postwright.
export function SetUp() {
  useTitle(t.setUp.title);
  const navigate = useNavigate();
  const router = useRouter();
  const [token] = useState(takeToken);
  const [form, setForm] = useState({ email: "", displayName: "", password: "", timeZone: browserZone() });
  const setUp = useMutation(SessionService.method.setUpFirstUser, {
    onSuccess: async () => {
      cache.clear();
      await router.invalidate();
      await navigate({ to: "/", replace: true });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setUp.mutate({ ...form, email: form.email.trim(), token });
  };
  if (token === "") {
    return (
      <main className="alone stack">
        <h1>{t.setUp.title}</h1>
        <p>{t.setUp.noToken}</p>
      </main>
    );
  }
  return (
    <main className="alone stack">
      <h1>{t.setUp.title}</h1>
      <p className="muted">{t.setUp.intro}</p>
      <form className="card stack" onSubmit={submit}>
        <div className="field">
          <label htmlFor="email">{t.setUp.email}</label>
          <input
            id="email" type="email" autoComplete="username" required autoFocus aria-describedby="email-help" value={form.email}
            onChange={(e) => setForm({ ...form, email: e.target.value })}
          />
          <span className="help" id="email-help">{t.setUp.emailHelp}</span>
        </div>
        <div className="field">
          <label htmlFor="name">{t.setUp.name}</label>
          <input id="name" autoComplete="name" maxLength={200} value={form.displayName} onChange={(e) => setForm({ ...form, displayName: e.target.value })} />
        </div>
        <div className="field">
          <label htmlFor="password">{t.setUp.password}</label>
          <input
            id="password" type="password" autoComplete="new-password" required minLength={8} maxLength={128} aria-describedby="password-help"
            value={form.password} onChange={(e) => setForm({ ...form, password: e.target.value })}
          />
          <span className="help" id="password-help">{t.setUp.passwordHelp}</span>
        </div>
        <div className="field">
          <label htmlFor="zone">{t.setUp.zone}</label>
          <select id="zone" value={form.timeZone} onChange={(e) => setForm({ ...form, timeZone: e.target.value })}>
            {allZones().map((zone) => <option key={zone}>{zone}</option>)}
          </select>
        </div>
        <ProblemNote error={setUp.error} />
        <Button look="primary" type="submit" isPending={setUp.isPending}>{t.setUp.submit}</Button>
      </form>
    </main>
  );
}
