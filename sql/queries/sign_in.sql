-- name: PasswordGetByEmail :one
-- The user of an address, whatever its spelling, with the hash of their password; '' where they have none.
SELECT u.id, COALESCE(p.hash, '')::text AS hash FROM users u LEFT JOIN passwords p ON p.owner_id = u.id
WHERE COALESCE(u.email_key, lower(u.email)) = @email_key::text;

-- name: PasswordGet :one
-- No row where the user has none.
SELECT hash FROM passwords WHERE owner_id = @owner_id;

-- name: PasswordGetForShare :one
-- Until the end of the transaction nobody gives the user another. No row where the user has none.
SELECT hash FROM passwords WHERE owner_id = @owner_id FOR SHARE;

-- name: PasswordReplace :execrows
-- No row where the user has another password than the one given.
UPDATE passwords SET hash = @hash, changed_at = @changed_at WHERE owner_id = @owner_id AND hash = @old_hash;

-- name: PasswordPut :execrows
INSERT INTO passwords (owner_id, hash, changed_at) VALUES (@owner_id, @hash, @changed_at)
ON CONFLICT (owner_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at;

-- name: SignInLinkInsert :execrows
INSERT INTO sign_in_links (token_hash, owner_id, expires_at) VALUES (@token_hash, sqlc.narg(owner_id), @expires_at);

-- name: SignInLinkTake :one
-- Uses a link up that signs a user in. No row when it was used before, or never made.
DELETE FROM sign_in_links WHERE token_hash = @token_hash AND owner_id IS NOT NULL RETURNING *;

-- name: SignInLinkGetSetUp :one
-- A link with which the first user can be made. No row when it was used before, or never made.
SELECT * FROM sign_in_links WHERE token_hash = @token_hash AND owner_id IS NULL;

-- name: SignInLinkTakeSetUps :many
-- Uses all links up with which the first user can be made: whoever comes with another of them waits here, and finds none.
DELETE FROM sign_in_links WHERE owner_id IS NULL RETURNING *;

-- name: SignInLinkDeleteOld :execrows
-- Deletes a batch of those that have expired; rows that are locked are left for the next time.
DELETE FROM sign_in_links WHERE token_hash IN (
    SELECT l.token_hash FROM sign_in_links l WHERE l.expires_at < @before ORDER BY l.expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED);
