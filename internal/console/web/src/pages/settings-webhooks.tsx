import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { useInfiniteQuery, useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { WebhookDeliveryState, WebhookService, type Webhook, type WebhookDelivery } from "@api/postwright/v1/webhook_service_pb";
import { forget } from "../api/cache";
import { t } from "../i18n";
import { Button } from "../ui/button";
import { Confirm, Dialog } from "../ui/dialog";
import { ProblemNote, Skeleton } from "../ui/problem";
import { When } from "../ui/when";

const eventTypes = [
  "post.created", "post.updated", "post.deleted", "post.scheduled", "post.published", "post.failed", "post.unconfirmed", "post.waiting",
  "account.paused", "account.token_expiring", "linkedin.version_ending",
];

const changed = () => forget(WebhookService);

export function Webhooks() {
  const { data, error, isPending, refetch } = useQuery(WebhookService.method.listWebhooks, {});
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState("");
  return (
    <div className="stack">
      <div className="row between">
        <p className="muted">{t.webhooks.intro}</p>
        <Button onPress={() => setAdding(true)}>{t.webhooks.add}</Button>
      </div>
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending
        ? <Skeleton lines={4} />
        : data?.webhooks.length === 0
          ? <div className="card empty"><h2>{t.webhooks.none}</h2><p className="muted">{t.webhooks.noneHelp}</p></div>
          : data?.webhooks.map((webhook) => <Endpoint key={webhook.id} webhook={webhook} onSecret={setSecret} />)}
      {adding && <Add onClose={() => setAdding(false)} onSecret={setSecret} />}
      <Dialog title={t.webhooks.secret} isOpen={secret !== ""} onClose={() => setSecret("")}>
        <p>{t.webhooks.secretHelp}</p>
        <code className="secret">{secret}</code>
        <div className="ends">
          <Button onPress={() => void navigator.clipboard.writeText(secret)}>{t.action.copy}</Button>
          <Button look="primary" onPress={() => setSecret("")}>{t.webhooks.kept}</Button>
        </div>
      </Dialog>
    </div>
  );
}

function Add({ onClose, onSecret }: { onClose: () => void; onSecret: (secret: string) => void }) {
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [wanted, setWanted] = useState<string[]>(["post.published", "post.failed", "post.unconfirmed"]);
  const [requestId] = useState(() => crypto.randomUUID());
  const add = useMutation(WebhookService.method.createWebhook, {
    onSuccess: async ({ secret }) => {
      onClose();
      onSecret(secret);
      await changed();
    },
  });
  return (
    <Dialog title={t.webhooks.add} isOpen onClose={onClose} wide>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate({ webhook: { url: url.trim(), description, eventTypes: wanted }, requestId });
        }}
      >
        <div className="field">
          <label htmlFor="webhook-url">{t.webhooks.url}</label>
          <input id="webhook-url" type="url" required autoFocus placeholder="https://" value={url} onChange={(event) => setUrl(event.target.value)} />
        </div>
        <div className="field">
          <label htmlFor="webhook-description">{t.webhooks.description}</label>
          <input id="webhook-description" maxLength={200} value={description} onChange={(event) => setDescription(event.target.value)} />
        </div>
        <fieldset className="stack tight">
          <legend className="label">{t.webhooks.events}</legend>
          <div className="events">
            {eventTypes.map((type) => (
              <label key={type} className="check">
                <input
                  type="checkbox" checked={wanted.includes(type)}
                  onChange={(event) => setWanted(event.target.checked ? [...wanted, type] : wanted.filter((other) => other !== type))}
                />
                <span className="mono">{type}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <ProblemNote error={add.error} />
        <div className="ends">
          <Button onPress={onClose}>{t.action.cancel}</Button>
          <Button look="primary" type="submit" isPending={add.isPending} isDisabled={wanted.length === 0}>{t.webhooks.add}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Endpoint({ webhook, onSecret }: { webhook: Webhook; onSecret: (secret: string) => void }) {
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState<"delete" | "rotate">();
  const close = () => setAsking(undefined);
  const update = useMutation(WebhookService.method.updateWebhook, { onSuccess: changed });
  const remove = useMutation(WebhookService.method.deleteWebhook, { onSuccess: changed });
  const rotate = useMutation(WebhookService.method.rotateWebhookSecret, {
    onSuccess: async ({ secret }) => {
      close();
      onSecret(secret);
      await changed();
    },
  });
  return (
    <article className="card stack" aria-label={webhook.url}>
      <div className="row">
        <h2 className="grow url">{webhook.description || webhook.url}</h2>
        {webhook.enabled
          ? webhook.failingSinceTime
            ? <span className="state tone-amber">{t.webhooks.failing}</span>
            : <span className="state tone-green">{t.webhooks.on}</span>
          : <span className="state tone-grey">{t.webhooks.off}</span>}
      </div>
      <p className="mono url">{webhook.url}</p>
      <p className="small muted">{webhook.eventTypes.join(", ")}</p>
      {webhook.failingSinceTime && webhook.enabled && <p>{t.webhooks.failingSince} <When at={webhook.failingSinceTime} /></p>}
      {!webhook.enabled && webhook.offReason !== "" && <p>{offWord(webhook.offReason)} <When at={webhook.offTime} /></p>}
      <div className="row">
        <Button compact aria-expanded={open} onPress={() => setOpen(!open)}>{t.webhooks.deliveries}</Button>
        <Button
          compact isPending={update.isPending}
          onPress={() => update.mutate({
            webhook: { id: webhook.id, enabled: !webhook.enabled }, updateMask: create(FieldMaskSchema, { paths: ["enabled"] }),
          })}
        >
          {webhook.enabled ? t.webhooks.switchOff : t.webhooks.switchOn}
        </Button>
        <Button compact onPress={() => setAsking("rotate")}>{t.webhooks.rotate}</Button>
        <Button compact look="danger" onPress={() => setAsking("delete")}>{t.action.delete}</Button>
      </div>
      <ProblemNote error={update.error} />
      {open && <Deliveries webhookId={webhook.id} />}
      <Confirm
        title={t.webhooks.confirmDelete} confirm={t.action.delete} danger isOpen={asking === "delete"} isPending={remove.isPending} error={remove.error}
        onClose={close} onConfirm={() => remove.mutate({ id: webhook.id })}
      >
        <p>{t.webhooks.confirmDeleteHelp}</p>
      </Confirm>
      <Confirm
        title={t.webhooks.confirmRotate} confirm={t.webhooks.rotate} isOpen={asking === "rotate"} isPending={rotate.isPending} error={rotate.error}
        onClose={close} onConfirm={() => rotate.mutate({ id: webhook.id })}
      >
        <p>{t.webhooks.confirmRotateHelp}</p>
      </Confirm>
    </article>
  );
}

function offWord(reason: string): string {
  switch (reason) {
    case "FAILING":
      return t.webhooks.offFailing;
    case "GONE":
      return t.webhooks.offGone;
    default:
      return t.webhooks.offOwner;
  }
}

function deliveryState(state: WebhookDeliveryState): [string, string] {
  switch (state) {
    case WebhookDeliveryState.PENDING:
      return ["blue", t.webhooks.pending];
    case WebhookDeliveryState.DELIVERED:
      return ["green", t.webhooks.delivered];
    case WebhookDeliveryState.FAILED:
      return ["red", t.webhooks.failed];
    case WebhookDeliveryState.OVER_LIMIT:
      return ["amber", t.webhooks.overLimit];
    case WebhookDeliveryState.UNSPECIFIED:
      return ["grey", t.state.unknown];
  }
}

function Deliveries({ webhookId }: { webhookId: string }) {
  const list = useInfiniteQuery(WebhookService.method.listWebhookDeliveries, { webhookId, pageToken: "" }, {
    pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined,
  });
  const resend = useMutation(WebhookService.method.resendWebhookDelivery, { onSuccess: changed });
  const deliveries = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  if (list.isPending) {
    return <Skeleton lines={3} />;
  }
  return (
    <div className="stack tight">
      <ProblemNote error={list.error ?? resend.error} />
      {deliveries.length === 0 && <p className="muted">{t.webhooks.noDeliveries}</p>}
      <ul className="list">
        {deliveries.map((delivery) => (
          <Delivery key={delivery.eventId} delivery={delivery} onResend={() => resend.mutate({ webhookId, eventId: delivery.eventId })} />
        ))}
      </ul>
      {list.hasNextPage && <div><Button compact onPress={() => void list.fetchNextPage()}>{t.action.more}</Button></div>}
    </div>
  );
}

function Delivery({ delivery, onResend }: { delivery: WebhookDelivery; onResend: () => void }) {
  const [tone, word] = deliveryState(delivery.state);
  return (
    <li className="list-row">
      <div className="grow">
        <span className="mono">{delivery.eventType}</span> <span className="small muted"><When at={delivery.eventTime} /></span>
        {delivery.problem !== "" && <p className="small">{delivery.problem}</p>}
        {delivery.nextAttemptTime && <p className="small muted">{t.webhooks.nextAttempt} <When at={delivery.nextAttemptTime} /></p>}
        {delivery.attempts.length > 0 && (
          <details>
            <summary className="small muted">{t.webhooks.attempts(delivery.attempts.length)}</summary>
            <ul>
              {delivery.attempts.map((attempt) => (
                <li key={attempt.number} className="small">
                  {`${attempt.number}. `}<When at={attempt.startTime} />{` · ${attempt.status === 0 ? t.webhooks.noAnswer : attempt.status} ${attempt.problem}`}
                  {attempt.answer !== "" && <pre className="mono url">{attempt.answer}</pre>}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
      <span className={`state tone-${tone}`}>{word}</span>
      <Button compact onPress={onResend}>{t.webhooks.resend}</Button>
    </li>
  );
}
