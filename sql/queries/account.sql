-- name: AccountUpsert :one
-- Connecting an account again renews its token and keeps its id. The owner's first account becomes the default one;
-- of two first ones connected at the same moment, the second fails on linkedin_accounts_default_key.
INSERT INTO linkedin_accounts (id, owner_id, urn, display_name, sealed_token, token_expires_at, scopes, is_default, created_at, updated_at)
VALUES (@id, @owner_id, @urn, @display_name, @sealed_token, @token_expires_at, @scopes::text[],
    NOT EXISTS (SELECT 1 FROM linkedin_accounts a WHERE a.owner_id = @owner_id), @now, @now)
ON CONFLICT (owner_id, urn) DO UPDATE SET
    display_name = excluded.display_name,
    sealed_token = excluded.sealed_token,
    token_expires_at = excluded.token_expires_at,
    scopes = excluded.scopes,
    token_revision = linkedin_accounts.token_revision + 1,
    paused_reason = '',
    disconnected_at = NULL,
    updated_at = excluded.updated_at
RETURNING *;

-- name: AccountGet :one
SELECT * FROM linkedin_accounts WHERE id = @id AND owner_id = @owner_id;

-- name: AccountGetDefault :one
SELECT * FROM linkedin_accounts WHERE owner_id = @owner_id AND is_default;

-- name: AccountListByOwner :many
-- Oldest first, all of them: a person has a handful.
SELECT * FROM linkedin_accounts WHERE owner_id = @owner_id ORDER BY created_at, id;

-- name: AccountGetForUpdate :one
-- Locks the row until the transaction ends, without keeping others from referring to it; lock post and publication first.
SELECT * FROM linkedin_accounts WHERE id = @id AND owner_id = @owner_id FOR NO KEY UPDATE;

-- name: AccountPause :execrows
-- No row when the account has a newer token than token_revision, or is paused already.
UPDATE linkedin_accounts SET paused_reason = @paused_reason, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND paused_reason = '' AND disconnected_at IS NULL;

-- name: AccountHold :execrows
-- No row when the account is held longer already.
UPDATE linkedin_accounts SET held_until = @held_until::timestamptz, held_reason = @held_reason, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND (held_until IS NULL OR held_until < @held_until::timestamptz);
