import { useMutation } from "@connectrpc/connect-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { SessionService } from "@api/postwright/v1/session_pb";
import { cache } from "../api/cache";
import { t } from "../i18n";
import { useTitle } from "../lib/use";
import { Button } from "../ui/button";
import { ProblemNote, Skeleton } from "../ui/problem";

const route = getRouteApi("/sign-in");

// takeToken takes the token of a link out of the address, so that it stays in no history.
export function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  if (token !== "") {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token;
}

// useGoOn leads to where somebody wanted to go before they had to sign in.
function useGoOn() {
  const navigate = useNavigate();
  const router = useRouter();
  const { to } = route.useSearch();
  return async () => {
    cache.clear();
    await router.invalidate();
    await navigate({ to: to ?? "/", replace: true });
  };
}

export function SignIn() {
  useTitle(t.signIn.title);
  const [token] = useState(takeToken);
  const [byLink, setByLink] = useState(token !== "");
  return (
    <main className="alone stack">
      {byLink ? <ByLink token={token} onPassword={() => setByLink(false)} /> : <ByPassword />}
    </main>
  );
}

function ByPassword() {
  const goOn = useGoOn();
  const signIn = useMutation(SessionService.method.signIn, { onSuccess: goOn });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signIn.mutate({ email: email.trim(), password });
  };
  return (
    <>
      <h1>{t.signIn.title}</h1>
      <p className="muted">{t.signIn.intro}</p>
      <form className="card stack" onSubmit={submit}>
        <div className="field">
          <label htmlFor="email">{t.signIn.email}</label>
          <input id="email" type="email" autoComplete="username" required autoFocus value={email} onChange={(e) => setEmail(e.target.value)} />
        </div>
        <div className="field">
          <label htmlFor="password">{t.signIn.password}</label>
          <input
            id="password" type="password" autoComplete="current-password" required value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </div>
        <ProblemNote error={signIn.error} />
        <Button look="primary" type="submit" isPending={signIn.isPending}>{t.action.signIn}</Button>
      </form>
      <p className="muted small">{t.signIn.forgot}</p>
    </>
  );
}

function ByLink({ token, onPassword }: { token: string; onPassword: () => void }) {
  const goOn = useGoOn();
  const { mutate, error } = useMutation(SessionService.method.signInWithLink, { onSuccess: goOn });
  const used = useRef(false); // a link works once
  useEffect(() => {
    if (!used.current) {
      used.current = true;
      mutate({ token });
    }
  }, [mutate, token]);
  if (error === null) {
    return (
      <>
        <h1>{t.signIn.byLink}</h1>
        <Skeleton lines={3} />
      </>
    );
  }
  return (
    <>
      <h1>{t.signIn.linkFailed}</h1>
      <ProblemNote error={error} />
      <div><Button onPress={onPassword}>{t.signIn.withPassword}</Button></div>
    </>
  );
}
