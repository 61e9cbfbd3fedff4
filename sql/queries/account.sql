-- name: AccountUpsert :one
-- Connecting an account again renews its token, keeps its id, ends its pause and revives it when it was disconnected. A
-- refresh token is never overwritten with nothing, unless it is another app's. The owner's first account becomes the default one;
-- of two first ones connected at the same moment, the second fails on linkedin_accounts_default_key.
INSERT INTO linkedin_accounts (id, owner_id, urn, display_name, app, sealed_token, token_expires_at, token_expiry_assumed, scopes,
    sealed_refresh_token, refresh_token_expires_at, checked_at, is_default, created_at, updated_at)
VALUES (@id, @owner_id, @urn, @display_name, @app, @sealed_token, sqlc.narg(token_expires_at), @token_expiry_assumed, @scopes::text[],
    sqlc.narg(sealed_refresh_token),
    sqlc.narg(refresh_token_expires_at), sqlc.narg(checked_at),
    NOT EXISTS (SELECT 1 FROM linkedin_accounts a WHERE a.owner_id = @owner_id AND a.is_default), @now, @now)
ON CONFLICT (owner_id, urn) DO UPDATE SET
    display_name = excluded.display_name,
    sealed_token = excluded.sealed_token,
    app = excluded.app,
    token_expires_at = excluded.token_expires_at,
    token_expiry_assumed = excluded.token_expiry_assumed,
    scopes = excluded.scopes,
    sealed_refresh_token = CASE WHEN linkedin_accounts.app = excluded.app
        THEN COALESCE(excluded.sealed_refresh_token, linkedin_accounts.sealed_refresh_token) ELSE excluded.sealed_refresh_token END,
    refresh_token_expires_at = CASE WHEN linkedin_accounts.app = excluded.app
        THEN COALESCE(excluded.refresh_token_expires_at, linkedin_accounts.refresh_token_expires_at) ELSE excluded.refresh_token_expires_at END,
    checked_at = excluded.checked_at,
    not_known_at = NULL,
    renewal_refused_at = NULL,
    token_revision = linkedin_accounts.token_revision + 1,
    is_default = linkedin_accounts.is_default OR excluded.is_default,
    renewing_until = NULL,
    warned_days = NULL,
    paused_reason = '',
    disconnected_at = NULL,
    updated_at = excluded.updated_at
RETURNING *;

-- name: AccountGet :one
SELECT * FROM linkedin_accounts WHERE id = @id AND owner_id = @owner_id;

-- name: AccountGetDefault :one
SELECT * FROM linkedin_accounts WHERE owner_id = @owner_id AND is_default;

-- name: AccountListByOwner :many
-- Those that are connected, oldest first, all of them: a person has a handful.
SELECT * FROM linkedin_accounts WHERE owner_id = @owner_id AND disconnected_at IS NULL ORDER BY created_at, id;

-- name: AccountListConnected :many
-- Of all owners, by id, after the one given: for what is done for each account by itself.
SELECT * FROM linkedin_accounts WHERE disconnected_at IS NULL AND id > @after_id ORDER BY id LIMIT @page_size;

-- name: AccountListEnding :many
-- Of all owners, connected ones among which are the most that end first, some of them more than once. What renews a token is known
-- to the configuration alone; so of each app whose tokens may be renewed, both those are here whose tokens end first, and those
-- whose refresh tokens do. Each list is read from an index.
WITH RECURSIVE apps AS (
    (SELECT r.app FROM linkedin_accounts r
        WHERE r.disconnected_at IS NULL AND r.refresh_token_expires_at > r.token_expires_at ORDER BY r.app LIMIT 1)
    UNION ALL
    SELECT n.app FROM apps CROSS JOIN LATERAL (SELECT r.app FROM linkedin_accounts r
        WHERE r.disconnected_at IS NULL AND r.refresh_token_expires_at > r.token_expires_at AND r.app > apps.app ORDER BY r.app LIMIT 1) n
)
(SELECT a.* FROM linkedin_accounts a WHERE a.disconnected_at IS NULL AND a.paused_reason <> '' ORDER BY a.id LIMIT @most)
UNION ALL
(SELECT a.* FROM linkedin_accounts a
    WHERE a.disconnected_at IS NULL AND (a.refresh_token_expires_at > a.token_expires_at) IS NOT TRUE AND a.token_expires_at IS NOT NULL
    ORDER BY a.token_expires_at, a.id LIMIT @most)
UNION ALL
SELECT t.* FROM apps CROSS JOIN LATERAL (SELECT a.* FROM linkedin_accounts a
    WHERE a.app = apps.app AND a.disconnected_at IS NULL AND a.refresh_token_expires_at > a.token_expires_at
    ORDER BY a.token_expires_at, a.id LIMIT @most) t
UNION ALL
SELECT t.* FROM apps CROSS JOIN LATERAL (SELECT a.* FROM linkedin_accounts a
    WHERE a.app = apps.app AND a.disconnected_at IS NULL AND a.refresh_token_expires_at > a.token_expires_at
    ORDER BY a.refresh_token_expires_at, a.id LIMIT @most) t;

-- name: AccountListOwners :many
-- Everybody who has a connected account, once each.
SELECT DISTINCT owner_id FROM linkedin_accounts WHERE disconnected_at IS NULL ORDER BY owner_id;

-- name: AccountGetForUpdate :one
-- Locks the row until the transaction ends, without keeping others from referring to it; lock post and publication first.
SELECT * FROM linkedin_accounts WHERE id = @id AND owner_id = @owner_id FOR NO KEY UPDATE;

-- name: AccountPause :execrows
-- No row when the account has a newer token than token_revision, or is paused already.
UPDATE linkedin_accounts SET paused_reason = @paused_reason, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND paused_reason = '' AND disconnected_at IS NULL;

-- name: AccountHold :execrows
-- No row when the account is held longer already.
UPDATE linkedin_accounts SET held_until = @held_until::timestamptz, held_reason = @held_reason, hold_streak = @hold_streak, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND (held_until IS NULL OR held_until < @held_until::timestamptz);

-- name: AccountEndHoldStreak :execrows
-- LinkedIn takes posts again.
UPDATE linkedin_accounts SET hold_streak = 0, updated_at = @now WHERE id = @id AND owner_id = @owner_id AND hold_streak > 0;

-- name: AccountDisconnect :execrows
-- Forgets the tokens. No row when the account is disconnected already.
UPDATE linkedin_accounts SET
    sealed_token = NULL, sealed_refresh_token = NULL, refresh_token_expires_at = NULL, token_expires_at = NULL,
    token_expiry_assumed = FALSE, scopes = '{}',
    is_default = FALSE, paused_reason = '', held_until = NULL, held_reason = '', warned_days = NULL, renewing_until = NULL,
    not_known_at = NULL, renewal_refused_at = NULL,
    token_revision = token_revision + 1, disconnected_at = @now::timestamptz, updated_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id AND disconnected_at IS NULL;

-- name: AccountPromoteOldest :execrows
-- Makes the owner's oldest connected account the default one, where there is none.
UPDATE linkedin_accounts SET is_default = TRUE, updated_at = @now
WHERE id = (SELECT a.id FROM linkedin_accounts a WHERE a.owner_id = @owner_id AND a.disconnected_at IS NULL ORDER BY a.created_at, a.id LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM linkedin_accounts a WHERE a.owner_id = @owner_id AND a.is_default);

-- name: AccountLeaseRenewal :execrows
-- Takes the right to renew the token until renewing_until. No row when somebody else has it, or the token is a newer one.
UPDATE linkedin_accounts SET renewing_until = @renewing_until::timestamptz
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND disconnected_at IS NULL
    AND (renewing_until IS NULL OR renewing_until < @now::timestamptz);

-- name: AccountRenewalRefused :execrows
-- LinkedIn does not take the refresh token. No row when the account got another token meanwhile.
UPDATE linkedin_accounts SET renewal_refused_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND disconnected_at IS NULL;

-- name: AccountRenew :one
-- Keeps a renewed token. A refresh token is never overwritten with nothing. No row when the account got another token
-- meanwhile, or was disconnected.
UPDATE linkedin_accounts SET
    sealed_token = @sealed_token, token_expires_at = @token_expires_at::timestamptz, token_expiry_assumed = @token_expiry_assumed,
    sealed_refresh_token = COALESCE(sqlc.narg(sealed_refresh_token), sealed_refresh_token),
    refresh_token_expires_at = COALESCE(sqlc.narg(refresh_token_expires_at), refresh_token_expires_at),
    token_revision = token_revision + 1, renewing_until = NULL, warned_days = NULL, paused_reason = '', checked_at = NULL, not_known_at = NULL,
    renewal_refused_at = NULL, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND disconnected_at IS NULL
RETURNING *;

-- name: AccountChecked :execrows
-- What LinkedIn says of the token. No row when the account got another one meanwhile.
UPDATE linkedin_accounts SET token_expires_at = sqlc.narg(token_expires_at), token_expiry_assumed = @token_expiry_assumed, scopes = @scopes::text[],
    checked_at = @checked_at::timestamptz, not_known_at = NULL
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND disconnected_at IS NULL;

-- name: AccountNotKnown :execrows
-- LinkedIn says of the token no more than that it is not active. No row when the account got another one meanwhile.
UPDATE linkedin_accounts SET not_known_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND disconnected_at IS NULL;

-- name: AccountWarned :execrows
-- The owner is warned that the token ends within so many days. No row when they were before, or the token is a newer one.
UPDATE linkedin_accounts SET warned_days = @warned_days::integer
WHERE id = @id AND owner_id = @owner_id AND token_revision = @token_revision AND (warned_days IS NULL OR warned_days > @warned_days::integer);

-- name: AccountReseal :execrows
-- The same tokens under another key. No row when they changed meanwhile.
UPDATE linkedin_accounts SET sealed_token = @sealed_token, sealed_refresh_token = sqlc.narg(sealed_refresh_token)
WHERE id = @id AND owner_id = @owner_id AND sealed_token = @old_sealed_token
    AND sealed_refresh_token IS NOT DISTINCT FROM sqlc.narg(old_sealed_refresh_token);

-- name: AccountCountRequests :execrows
-- Counts requests of a UTC day, which begins at day. No row when more than most would have been made on it.
UPDATE linkedin_accounts SET
    requests_made = CASE WHEN requests_day >= @day::timestamptz THEN requests_made ELSE 0 END + @count::integer,
    requests_day = GREATEST(requests_day, @day::timestamptz)
WHERE id = @id AND owner_id = @owner_id
    AND CASE WHEN requests_day >= @day::timestamptz THEN requests_made ELSE 0 END + @count::integer <= @most::integer;

-- name: AccountLeaseNumbers :execrows
-- Takes the right to ask for numbers by itself until a time. No row when somebody else has it, nobody may, or somebody had it
-- since the account was read: what was known of its posts may be old then.
UPDATE linkedin_accounts SET numbers_held_until = @until::timestamptz
WHERE id = @id AND owner_id = @owner_id AND (numbers_held_until IS NULL OR numbers_held_until <= @now::timestamptz)
    AND numbers_held_until IS NOT DISTINCT FROM sqlc.narg(as_read)::timestamptz;

-- name: AccountHoldNumbers :execrows
-- Says until when nobody asks for numbers by themselves.
UPDATE linkedin_accounts SET numbers_held_until = @until::timestamptz WHERE id = @id AND owner_id = @owner_id;
