-- +goose Up
-- The weekly times at which an account's posts go out, on the clocks of a zone. An account without a row has none.
CREATE TABLE queues (
    account_id uuid PRIMARY KEY REFERENCES linkedin_accounts (id) ON DELETE CASCADE,
    owner_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    time_zone  text NOT NULL,
    slots      smallint[] NOT NULL, -- minutes since the beginning of Monday, rising
    revision   bigint NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX queues_owner ON queues (owner_id);

-- +goose Down
DROP TABLE queues;
