-- +goose Up
-- A LinkedIn member or page that posts go out as. sealed_token is encrypted by internal/accounts; the database never
-- sees the token itself.
CREATE TABLE linkedin_accounts (
    id               uuid PRIMARY KEY,
    owner_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    urn              text NOT NULL,
    display_name     text NOT NULL,
    sealed_token     bytea NOT NULL,
    token_expires_at timestamptz,
    scopes           text[] NOT NULL,
    is_default       boolean NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT linkedin_accounts_owner_urn_key UNIQUE (owner_id, urn),
    CONSTRAINT linkedin_accounts_urn_kind CHECK (urn ~ '^urn:li:(person|organization):[A-Za-z0-9_-]+$')
);

CREATE UNIQUE INDEX linkedin_accounts_default_key ON linkedin_accounts (owner_id) WHERE is_default;

-- +goose Down
DROP TABLE linkedin_accounts;
