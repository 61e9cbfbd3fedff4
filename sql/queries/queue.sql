-- name: QueueGet :one
SELECT * FROM queues WHERE account_id = @account_id AND owner_id = @owner_id;

-- name: QueueGetForUpdate :one
-- Until the end of the transaction nobody else gives a slot of the account away.
SELECT * FROM queues WHERE account_id = @account_id AND owner_id = @owner_id FOR UPDATE;

-- name: QueuePut :one
-- No row when the account has a queue whose revision is not the one given, or none and one is given; 0 is any, and none.
INSERT INTO queues (account_id, owner_id, time_zone, slots, revision, updated_at)
SELECT @account_id::uuid, @owner_id::uuid, @time_zone::text, @slots::smallint[], 1, @now::timestamptz
WHERE @revision::bigint = 0 OR EXISTS (SELECT FROM queues q WHERE q.account_id = @account_id::uuid)
ON CONFLICT (account_id) DO UPDATE SET
    time_zone = excluded.time_zone, slots = excluded.slots, revision = queues.revision + 1, updated_at = excluded.updated_at
WHERE queues.owner_id = excluded.owner_id AND (@revision::bigint = 0 OR queues.revision = @revision::bigint)
RETURNING *;

-- name: QueueFreeTimes :many
-- Of the times given those, the earliest first, in whose minute no other post of the account is scheduled. A post without an account
-- is the default one's. Each looks at an index once or twice.
SELECT t.at::timestamptz AS free FROM unnest(@times::timestamptz[]) AS t (at)
WHERE NOT EXISTS (
    SELECT 1 FROM posts p WHERE p.owner_id = @owner_id AND p.account_id = @account_id AND p.state = 'scheduled'
        AND p.scheduled_at >= t.at AND p.scheduled_at < t.at + interval '1 minute' AND p.id <> @except_id
) AND NOT (@is_default::boolean AND EXISTS (
    SELECT 1 FROM posts p WHERE p.owner_id = @owner_id AND p.account_id IS NULL AND p.state = 'scheduled'
        AND p.scheduled_at >= t.at AND p.scheduled_at < t.at + interval '1 minute' AND p.id <> @except_id
))
ORDER BY t.at LIMIT @most;
