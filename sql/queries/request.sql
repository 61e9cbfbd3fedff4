-- name: RequestInsert :execrows
-- Claims a request id; no row when it was used before. Waits for a transaction that is claiming the same id.
INSERT INTO requests (owner_id, operation, request_id, request_hash, hash_version, post_ids, created_at)
VALUES (@owner_id, @operation, @request_id, @request_hash, @hash_version, @post_ids::uuid[], @created_at)
ON CONFLICT DO NOTHING;

-- name: RequestGet :one
SELECT * FROM requests WHERE owner_id = @owner_id AND operation = @operation AND request_id = @request_id;

-- name: RequestDeleteOld :execrows
-- Forgets the oldest request ids from before a time, 1,000 at most: a number that the planner sees, and rows by their place,
-- so that it never reads the whole table. Those that others have locked are left for later.
DELETE FROM requests WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM requests r WHERE r.created_at < @before ORDER BY r.created_at LIMIT 1000 FOR UPDATE SKIP LOCKED));
