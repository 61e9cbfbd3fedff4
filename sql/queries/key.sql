-- name: KeyInsert :one
INSERT INTO api_keys (id, owner_id, label, prefix, hash, created_at)
VALUES (@id, @owner_id, @label, @prefix, @hash, @created_at)
RETURNING *;

-- name: KeyGetByPrefix :one
-- Revoked keys too: the caller compares the hash first, so that the answer does not tell which prefixes exist.
SELECT * FROM api_keys WHERE prefix = @prefix;

-- name: KeyListByOwner :many
-- Oldest first, revoked ones included.
SELECT * FROM api_keys WHERE owner_id = @owner_id ORDER BY created_at, id;

-- name: KeyRevoke :one
-- No row when there is no such key, or it is revoked already.
UPDATE api_keys SET revoked_at = @revoked_at::timestamptz
WHERE prefix = @prefix AND revoked_at IS NULL
RETURNING *;
