-- name: NotificationInsert :one
INSERT INTO notifications (id, owner_id, post_id, channel, recipient, subject, delivered, problem, created_at)
VALUES (@id, @owner_id, sqlc.narg(post_id), @channel, @recipient, @subject, @delivered, @problem, @created_at)
RETURNING *;

-- name: NotificationCount :one
-- Counts one more message of a day, and says which of the day's it is. No row when there have been as many as most.
INSERT INTO notification_counts AS c (owner_id, day, allowance, sent)
SELECT @owner_id, @day, @allowance, 1 WHERE @most::integer > 0
ON CONFLICT (owner_id, day, allowance) DO UPDATE SET sent = c.sent + 1 WHERE c.sent < @most::integer
RETURNING c.sent;

-- name: NotificationDeleteOld :execrows
-- Forgets the oldest messages from before a time, 1,000 at most, as RequestDeleteOld does.
DELETE FROM notifications WHERE ctid = ANY (ARRAY(
    SELECT n.ctid FROM notifications n WHERE n.created_at < @before ORDER BY n.created_at LIMIT 1000 FOR UPDATE SKIP LOCKED));

-- name: NotificationCountDeleteOld :execrows
-- Forgets the counts of the oldest days that began before a time, 1,000 at most, as RequestDeleteOld does.
DELETE FROM notification_counts WHERE ctid = ANY (ARRAY(
    SELECT c.ctid FROM notification_counts c WHERE c.day < @before ORDER BY c.day LIMIT 1000 FOR UPDATE SKIP LOCKED));
