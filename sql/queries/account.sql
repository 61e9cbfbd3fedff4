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
    updated_at = excluded.updated_at
RETURNING *;

-- name: AccountGet :one
SELECT * FROM linkedin_accounts WHERE id = @id AND owner_id = @owner_id;

-- name: AccountGetDefault :one
SELECT * FROM linkedin_accounts WHERE owner_id = @owner_id AND is_default;

-- name: AccountListByOwner :many
-- Oldest first, all of them: a person has a handful.
SELECT * FROM linkedin_accounts WHERE owner_id = @owner_id ORDER BY created_at, id;
