-- +goose Up
-- Where programs want to be told, and of what. free_at is from when an endpoint may be sent to: until then somebody sends to it, or it
-- rests after a failure. due_at is when the first of what waits for it is due; NULL where nothing waits. One that was deleted is off for
-- that reason, without its secrets, until its deliveries are gone.
CREATE TABLE webhooks (
    id                     uuid PRIMARY KEY,
    owner_id               uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    url                    text NOT NULL,
    description            text NOT NULL,
    event_types            text[] NOT NULL,
    sealed_secret          bytea NOT NULL,
    sealed_previous_secret bytea,
    previous_secret_until  timestamptz,
    rotated_at             timestamptz,
    off_reason             text NOT NULL DEFAULT '',
    off_at                 timestamptz,
    failures               integer NOT NULL DEFAULT 0,
    failing_since          timestamptz,
    last_failed_at         timestamptz,
    due_at                 timestamptz,
    free_at                timestamptz NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    CONSTRAINT webhooks_off_reason_known CHECK (off_reason IN ('', 'owner', 'failing', 'gone', 'deleted')),
    CONSTRAINT webhooks_off_has_time CHECK ((off_reason = '') = (off_at IS NULL)),
    CONSTRAINT webhooks_previous_secret_has_end CHECK ((sealed_previous_secret IS NULL) = (previous_secret_until IS NULL))
);
CREATE INDEX webhooks_owner ON webhooks (owner_id);
CREATE INDEX webhooks_deleted ON webhooks (id) WHERE off_reason = 'deleted';
CREATE INDEX webhooks_previous_secret ON webhooks (previous_secret_until) WHERE previous_secret_until IS NOT NULL;
CREATE INDEX webhooks_due ON webhooks (GREATEST(due_at, free_at)) WHERE due_at IS NOT NULL;

-- What happened, for owners with an endpoint that wants to know. It is written in the transaction in which it happened, and fanned out
-- to the endpoints after that.
CREATE TABLE webhook_events (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    type        text NOT NULL,
    data        jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    fanned_out  boolean NOT NULL DEFAULT false
);
-- Those that send are told at once, and need not look again and again.
-- +goose StatementBegin
CREATE FUNCTION announce_webhook_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY webhook_work; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER webhook_events_announce AFTER INSERT ON webhook_events FOR EACH STATEMENT EXECUTE FUNCTION announce_webhook_events();
CREATE INDEX webhook_events_owner ON webhook_events (owner_id);
CREATE INDEX webhook_events_occurred ON webhook_events (occurred_at);
CREATE INDEX webhook_events_waiting ON webhook_events (owner_id, occurred_at, id) WHERE NOT fanned_out;

-- An event on its way to an endpoint. attempts counts all, tries those since it was last sent by hand, or was made. Of the events above
-- an owner's number for a day the first is kept for each endpoint, and left_out counts them all.
CREATE TABLE webhook_deliveries (
    webhook_id      uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id        uuid NOT NULL REFERENCES webhook_events (id) ON DELETE CASCADE,
    number          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    state           text NOT NULL,
    problem         text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    tries           integer NOT NULL DEFAULT 0,
    left_out        bigint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    give_up_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (webhook_id, event_id),
    CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('pending', 'delivered', 'failed', 'over_limit')),
    CONSTRAINT webhook_deliveries_pending_has_time CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT webhook_deliveries_ended_has_time CHECK ((state = 'pending') = (ended_at IS NULL))
);
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event_id);
CREATE UNIQUE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook_id, number DESC);
CREATE INDEX webhook_deliveries_over_limit ON webhook_deliveries (webhook_id, created_at) WHERE state = 'over_limit';
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, next_attempt_at, number) WHERE state = 'pending';

CREATE TABLE webhook_attempts (
    webhook_id uuid NOT NULL,
    event_id   uuid NOT NULL,
    number     integer NOT NULL,
    started_at timestamptz NOT NULL,
    took_ms    bigint NOT NULL,
    status     integer NOT NULL,
    answer     text NOT NULL,
    problem    text NOT NULL,
    PRIMARY KEY (webhook_id, event_id, number),
    FOREIGN KEY (webhook_id, event_id) REFERENCES webhook_deliveries (webhook_id, event_id) ON DELETE CASCADE
);

-- How many deliveries an owner had on a day.
CREATE TABLE webhook_counts (
    owner_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day        timestamptz NOT NULL,
    deliveries bigint NOT NULL,
    PRIMARY KEY (owner_id, day)
);
CREATE INDEX webhook_counts_day ON webhook_counts (day);

-- +goose Down
DROP TABLE webhook_counts;
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_events;
DROP FUNCTION announce_webhook_events();
DROP TABLE webhooks;
