import "./accounts.css";
import { useMutation } from "@connectrpc/connect-query";
import { Building2, Check, UserRound, X } from "lucide-react";
import { useState } from "react";
import { AccountService, type Account, type ConnectAccountResponse } from "@api/postwright/v1/account_service_pb";
import { forget } from "../api/cache";
import { t } from "../i18n";
import { dateOf } from "../lib/time";
import { useNow, useTitle } from "../lib/use";
import { isPage, useAccounts } from "../ui/accounts";
import { Button } from "../ui/button";
import { Confirm, Dialog } from "../ui/dialog";
import { ProblemNote, Skeleton } from "../ui/problem";
import { When } from "../ui/when";

export function Accounts() {
  useTitle(t.accounts.title);
  const { accounts, isPending, error } = useAccounts();
  const [connecting, setConnecting] = useState<{ page: string } | undefined>();
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.accounts.title}</h1>
        <Button look="primary" onPress={() => setConnecting({ page: "" })}>{t.accounts.connect}</Button>
      </div>
      <ProblemNote error={error} retry={() => void forget(AccountService)} />
      {isPending
        ? <Skeleton lines={5} />
        : accounts.length === 0 && !error
          ? (
            <div className="card empty">
              <h2>{t.accounts.none}</h2>
              <p className="muted">{t.accounts.noneHelp}</p>
            </div>
          )
          : (
            <ul className="account-cards">
              {accounts.map((account) => (
                <li key={account.id}><Card account={account} onAgain={() => setConnecting({ page: pageNumber(account) })} /></li>
              ))}
            </ul>
          )}
      {connecting && <Connect page={connecting.page} onClose={() => setConnecting(undefined)} />}
    </div>
  );
}

const pageNumber = (account: Account) => (isPage(account) ? (account.urn.split(":").at(-1) ?? "") : "");

// What LinkedIn lets an account do, by the scopes of its token.
function abilities(account: Account): [string, boolean][] {
  const may = (...scopes: string[]) => scopes.some((scope) => account.scopes.includes(scope));
  return isPage(account)
    ? [
      [t.accounts.publish, may("w_organization_social")],
      [t.accounts.numbers, may("rw_organization_admin", "r_organization_admin", "r_organization_social")],
      [t.accounts.readBack, may("r_organization_social")],
    ]
    : [
      [t.accounts.publish, may("w_member_social")],
      [t.accounts.numbers, may("r_member_postAnalytics")],
      [t.accounts.readBack, may("r_member_social")],
    ];
}

function Card({ account, onAgain }: { account: Account; onAgain: () => void }) {
  const now = useNow();
  const [asking, setAsking] = useState(false);
  const disconnect = useMutation(AccountService.method.disconnectAccount, {
    onSuccess: async () => {
      setAsking(false);
      await forget(AccountService);
    },
  });
  const end = dateOf(account.tokenExpireTime);
  const days = end ? Math.max(0, Math.floor((end.getTime() - now.getTime()) / 86_400_000)) : undefined;
  return (
    <article className="card stack" aria-label={account.displayName}>
      <div className="row">
        {isPage(account) ? <Building2 className="icon" aria-hidden /> : <UserRound className="icon" aria-hidden />}
        <h2 className="grow line-1">{account.displayName}</h2>
        {account.default && <span className="state tone-grey">{t.accounts.default}</span>}
      </div>
      <p className="small muted">{`${isPage(account) ? t.accounts.page : t.accounts.member} · ${t.accounts.app(account.app)}`}</p>
      {account.pausedReason !== "" && <div className="callout amber"><p>{t.accounts.paused}</p></div>}
      {account.holdTime && account.pausedReason === "" && (
        <div className="callout amber"><p>{t.accounts.held} <When at={account.holdTime} /></p></div>
      )}
      {account.scopes.length === 0
        ? <p className="muted">{t.accounts.scopesUnknown}</p>
        : (
          <ul className="stack tight">
            {abilities(account).map(([word, may]) => (
              <li key={word} className="ability">
                {may ? <Check className="icon small yes" aria-label={t.accounts.may} /> : <X className="icon small no" aria-label={t.accounts.mayNot} />}
                {word}
              </li>
            ))}
          </ul>
        )}
      <p>
        {account.renewableUntilTime
          ? <>{t.accounts.renewed} <When at={account.renewableUntilTime} plain /></>
          : days === undefined
            ? t.accounts.endUnknown
            : <>{t.accounts.daysLeft(days)} (<When at={account.tokenExpireTime} plain />{account.tokenExpireTimeAssumed && `, ${t.accounts.assumed}`})</>}
      </p>
      <div className="row">
        <Button compact onPress={onAgain}>{t.accounts.again}</Button>
        <Button compact look="danger" onPress={() => setAsking(true)}>{t.accounts.disconnect}</Button>
      </div>
      <Confirm
        title={t.accounts.confirmDisconnect(account.displayName)} confirm={t.accounts.disconnect} danger isOpen={asking} isPending={disconnect.isPending}
        error={disconnect.error} onClose={() => setAsking(false)} onConfirm={() => disconnect.mutate({ accountId: account.id })}
      >
        <p>{t.accounts.confirmDisconnectHelp}</p>
      </Confirm>
    </article>
  );
}

// Connect asks for whom, shows what LinkedIn will ask, and leads there.
function Connect({ page, onClose }: { page: string; onClose: () => void }) {
  const [kind, setKind] = useState<"member" | "page">(page === "" ? "member" : "page");
  const [number, setNumber] = useState(page);
  const [begun, setBegun] = useState<ConnectAccountResponse>();
  const connect = useMutation(AccountService.method.connectAccount, {
    onSuccess: (answer) => {
      if (answer.warnings.length > 0) {
        setBegun(answer);
      } else {
        location.assign(answer.authorizationUrl);
      }
    },
  });
  return (
    <Dialog title={t.accounts.connect} isOpen onClose={onClose}>
      {begun
        ? (
          <>
            {begun.warnings.map((warning) => <div key={warning} className="callout amber"><p>{warning}</p></div>)}
            <div className="ends">
              <Button onPress={onClose}>{t.action.cancel}</Button>
              <Button look="primary" autoFocus onPress={() => location.assign(begun.authorizationUrl)}>{t.accounts.goOn}</Button>
            </div>
          </>
        )
        : (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              connect.mutate({ organizationId: kind === "page" ? number.trim() : "" });
            }}
          >
            <fieldset className="stack tight">
              <legend className="label">{t.accounts.whose}</legend>
              <label className="check">
                <input type="radio" name="kind" checked={kind === "member"} onChange={() => setKind("member")} />
                {t.accounts.mine}
              </label>
              <label className="check">
                <input type="radio" name="kind" checked={kind === "page"} onChange={() => setKind("page")} />
                {t.accounts.aPage}
              </label>
            </fieldset>
            {kind === "page" && (
              <div className="field">
                <label htmlFor="page-number">{t.accounts.pageNumber}</label>
                <input id="page-number" inputMode="numeric" required pattern="[0-9]{1,20}" value={number} onChange={(event) => setNumber(event.target.value)} />
                <span className="help">{t.accounts.pageNumberHelp}</span>
              </div>
            )}
            <p className="small muted">{t.accounts.consentHelp}</p>
            <ProblemNote error={connect.error} />
            <div className="ends">
              <Button onPress={onClose}>{t.action.cancel}</Button>
              <Button look="primary" type="submit" isPending={connect.isPending}>{t.accounts.goOn}</Button>
            </div>
          </form>
        )}
    </Dialog>
  );
}
