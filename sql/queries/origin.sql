-- name: OriginGet :one
-- The one row, and whether it is where, and as, it was written; no row before Postwright first serves.
SELECT
    o.seen_at, o.held_at, o.held_reason, o.data_from, o.review_approved_before, o.review_due_before,
    (o.place = database_place())::boolean AS same_place,
    (o.written_by = o.xmin::text AND o.written_to = o.tableoid::text)::boolean AS as_written
FROM database_origin o;

-- name: OriginPlace :one
-- Where this database is, which tells it apart from copies of it.
SELECT database_place();

-- name: OriginLock :one
-- Locks the row until the transaction ends, so that one process notices what happened to it.
SELECT one FROM database_origin FOR UPDATE;

-- name: OriginInsert :exec
-- This is the database from now on, unless another process said so first.
INSERT INTO database_origin (place, written_by, written_to, seen_at)
VALUES (database_place(), pg_current_xact_id()::xid::text, 'database_origin'::regclass::oid::text, clock_timestamp())
ON CONFLICT DO NOTHING;

-- name: OriginSeen :one
-- All is as it was, and as whoever asks has seen it last. seen_at never goes back while nobody takes the data back. No row when
-- it is not.
UPDATE database_origin SET seen_at = greatest(seen_at, clock_timestamp()), written_by = pg_current_xact_id()::xid::text
WHERE place = database_place() AND written_by = xmin::text AND written_to = tableoid::text AND seen_at >= @last::timestamptz
RETURNING seen_at;

-- name: OriginHold :exec
-- Nothing goes out from now on. This is the database from now on.
UPDATE database_origin SET
    place = database_place(), written_by = pg_current_xact_id()::xid::text, written_to = tableoid::text,
    seen_at = greatest(seen_at, clock_timestamp()), held_at = @now::timestamptz, held_reason = @reason,
    data_from = least(data_from, seen_at);

-- name: OriginRelease :execrows
-- Posts go out again. With review, what was approved before the hold, or was due until now, is not sent but in doubt; an
-- earlier review stays, and only grows. No row when nothing is held.
UPDATE database_origin SET
    written_by = pg_current_xact_id()::xid::text,
    review_approved_before = CASE WHEN @review::boolean THEN held_at ELSE review_approved_before END,
    review_due_before = CASE WHEN @review::boolean THEN @now::timestamptz ELSE review_due_before END,
    held_at = NULL, held_reason = '', data_from = NULL
WHERE held_at IS NOT NULL;
