-- name: RequestInsert :execrows
-- Claims a request id; no row when it was used before. Waits for a transaction that is claiming the same id.
INSERT INTO requests (owner_id, operation, request_id, request_hash, post_ids, created_at)
VALUES (@owner_id, @operation, @request_id, @request_hash, @post_ids::uuid[], @created_at)
ON CONFLICT DO NOTHING;

-- name: RequestGet :one
SELECT * FROM requests WHERE owner_id = @owner_id AND operation = @operation AND request_id = @request_id;
