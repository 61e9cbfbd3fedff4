-- +goose Up
-- An account's life: connected by consent, renewed, held back, disconnected.
ALTER TABLE linkedin_accounts
    -- NULL once the account is disconnected: the row stays for the publications that went out with it, the tokens go.
    ALTER COLUMN sealed_token DROP NOT NULL,
    -- Only some apps get a refresh token. It lives a year from the first consent, however often it is used.
    ADD COLUMN sealed_refresh_token bytea,
    ADD COLUMN refresh_token_expires_at timestamptz,
    -- Grows with every new access token, so that a refusal of an earlier one can't pause an account that has a new one.
    ADD COLUMN token_revision bigint NOT NULL DEFAULT 1,
    -- Until when one process renews the token, so that no two do.
    ADD COLUMN renewing_until timestamptz,
    -- When LinkedIn was last asked what the token is worth.
    ADD COLUMN checked_at timestamptz,
    -- The least number of days before the token's end that its owner was warned of; NULL before the first warning.
    ADD COLUMN warned_days integer,
    -- Why nothing goes out until a person connects the account again; '' when it does.
    ADD COLUMN paused_reason text NOT NULL DEFAULT '',
    -- Until when nothing goes out because LinkedIn asked to wait, and why.
    ADD COLUMN held_until timestamptz,
    ADD COLUMN held_reason text NOT NULL DEFAULT '',
    ADD COLUMN disconnected_at timestamptz,
    ADD CONSTRAINT linkedin_accounts_disconnected CHECK ((disconnected_at IS NULL) = (sealed_token IS NOT NULL)),
    ADD CONSTRAINT linkedin_accounts_disconnected_forgets CHECK (disconnected_at IS NULL OR sealed_refresh_token IS NULL),
    ADD CONSTRAINT linkedin_accounts_disconnected_default CHECK (disconnected_at IS NULL OR NOT is_default),
    ADD CONSTRAINT linkedin_accounts_held CHECK ((held_until IS NULL) = (held_reason = '')),
    ADD CONSTRAINT linkedin_accounts_refresh CHECK ((sealed_refresh_token IS NULL) = (refresh_token_expires_at IS NULL));

-- A consent that was asked for and has not come back yet. The state itself is with the browser; only its hash is here,
-- and it goes with its first use.
CREATE TABLE consents (
    state_hash   bytea PRIMARY KEY,
    owner_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- '' for the member's own account, else the page that the account is to be.
    organization text NOT NULL,
    expires_at   timestamptz NOT NULL
);

CREATE INDEX consents_expires ON consents (expires_at);

-- +goose Down
DROP TABLE consents;
-- A disconnected account has nothing that the earlier schema could keep.
UPDATE linkedin_accounts SET sealed_token = '' WHERE sealed_token IS NULL;
ALTER TABLE linkedin_accounts
    DROP CONSTRAINT linkedin_accounts_refresh,
    DROP CONSTRAINT linkedin_accounts_held,
    DROP CONSTRAINT linkedin_accounts_disconnected_default,
    DROP CONSTRAINT linkedin_accounts_disconnected_forgets,
    DROP CONSTRAINT linkedin_accounts_disconnected,
    DROP COLUMN disconnected_at,
    DROP COLUMN held_reason,
    DROP COLUMN held_until,
    DROP COLUMN paused_reason,
    DROP COLUMN warned_days,
    DROP COLUMN checked_at,
    DROP COLUMN renewing_until,
    DROP COLUMN token_revision,
    DROP COLUMN refresh_token_expires_at,
    DROP COLUMN sealed_refresh_token,
    ALTER COLUMN sealed_token SET NOT NULL;
