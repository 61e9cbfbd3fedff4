-- +goose Up
-- The browsers that a user is told in by Web Push. With the endpoint and the two keys a browser is written to; auth is secret.
CREATE TABLE push_subscriptions (
    id          uuid PRIMARY KEY,
    owner_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    endpoint    text NOT NULL,
    p256dh      text NOT NULL,
    sealed_auth bytea NOT NULL,
    description text NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT push_subscriptions_endpoint UNIQUE (owner_id, endpoint)
);

-- The browsers that have taken a message, so that trying it again does not repeat it there. No foreign keys: one may be gone by then.
ALTER TABLE notifications ADD COLUMN reached uuid[] NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE notifications DROP COLUMN reached;
DROP TABLE push_subscriptions;
