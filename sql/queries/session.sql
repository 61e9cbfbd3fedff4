-- name: SessionInsert :one
INSERT INTO sessions (id, owner_id, token_hash, user_agent, address, created_at, last_used_at, expires_at, ends_at)
VALUES (@id, @owner_id, @token_hash, @user_agent, @address, @created_at, @created_at, @expires_at, @ends_at)
RETURNING *;

-- name: SessionGetByToken :one
-- Those too whose time is over and who are not deleted yet: the caller compares.
SELECT * FROM sessions WHERE token_hash = @token_hash;

-- name: SessionGet :one
SELECT * FROM sessions WHERE id = @id AND owner_id = @owner_id;

-- name: SessionTouch :execrows
-- Says that a session was used. No row when it has ended: it does not begin again.
UPDATE sessions SET last_used_at = @last_used_at, expires_at = @expires_at WHERE token_hash = @token_hash;

-- name: SessionListByOwner :many
-- Those whose time is not over, the newest first, from before a number.
SELECT * FROM sessions WHERE owner_id = @owner_id AND number < @before_number AND expires_at > @now::timestamptz
ORDER BY number DESC LIMIT @page_size;

-- name: SessionIsFrom :one
-- Whether an owner has a session that began at an address.
SELECT EXISTS (SELECT FROM sessions WHERE owner_id = @owner_id AND address = @address AND expires_at > @now::timestamptz);

-- name: SessionDelete :one
-- Ends a session, and returns the hash of its token. No row when there is none.
DELETE FROM sessions WHERE id = @id AND owner_id = @owner_id RETURNING token_hash;

-- name: SessionDeleteOthers :many
-- Ends all sessions of an owner but one, and returns the hashes of their tokens.
DELETE FROM sessions WHERE owner_id = @owner_id AND id <> @except_id RETURNING token_hash;

-- name: SessionDeleteLeastUsed :many
-- Ends of an owner's sessions those beyond as many as are kept which were used last, some at a time.
DELETE FROM sessions WHERE id IN (
    SELECT s.id FROM sessions s WHERE s.owner_id = @owner_id ORDER BY s.last_used_at DESC OFFSET @keep LIMIT 10)
RETURNING token_hash;

-- name: SessionDeleteOld :execrows
-- Deletes a batch of those that have expired; rows that are locked are left for the next time.
DELETE FROM sessions WHERE id IN (
    SELECT s.id FROM sessions s WHERE s.expires_at < @before ORDER BY s.expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED);
