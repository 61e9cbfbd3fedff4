-- name: PushSubscriptionLockOwner :one
-- Whoever adds a browser waits here for others who do, so that none counts past another.
SELECT id FROM users WHERE id = @owner_id FOR NO KEY UPDATE;

-- name: PushSubscriptionUpsert :one
-- Adds a browser, or renews the keys of one that is there. No row when the owner has as many others as there may be. The caller holds
-- the owner's lock.
INSERT INTO push_subscriptions AS s (id, owner_id, endpoint, p256dh, sealed_auth, description, created_at, updated_at)
SELECT @id, @owner_id, @endpoint, @p256dh, @sealed_auth, @description, @now::timestamptz, @now::timestamptz
WHERE (SELECT count(*) FROM push_subscriptions o WHERE o.owner_id = @owner_id AND o.endpoint <> @endpoint) < @most::bigint
ON CONFLICT (owner_id, endpoint) DO UPDATE SET
    p256dh = excluded.p256dh, sealed_auth = excluded.sealed_auth, description = excluded.description, updated_at = excluded.updated_at
RETURNING *;

-- name: PushSubscriptionListByOwner :many
-- Oldest first.
SELECT * FROM push_subscriptions WHERE owner_id = @owner_id ORDER BY created_at, id;

-- name: PushSubscriptionDelete :execrows
DELETE FROM push_subscriptions WHERE id = @id AND owner_id = @owner_id;

-- name: PushSubscriptionListSealed :many
-- Of all owners, in the order of their ids, after one.
SELECT * FROM push_subscriptions WHERE id > @after_id ORDER BY id LIMIT @page_size;

-- name: PushSubscriptionReseal :execrows
-- No row when the secret is another by now.
UPDATE push_subscriptions SET sealed_auth = @sealed_auth
WHERE id = @id AND owner_id = @owner_id AND sealed_auth = @old_sealed_auth;
