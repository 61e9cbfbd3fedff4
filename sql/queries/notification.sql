-- name: NotificationInsert :one
INSERT INTO notifications (
    id, owner_id, post_id, channel, recipient, subject, delivered, problem, created_at, sender, event, state, attempts, content, html)
VALUES (
    @id, @owner_id, sqlc.narg(post_id), @channel, @recipient, @subject, @delivered, @problem, @created_at, @sender, @event, @state, @attempts,
    @content, @html)
RETURNING *;

-- name: NotificationGet :one
SELECT * FROM notifications WHERE id = @id AND owner_id = @owner_id;

-- name: NotificationList :many
-- Newest first, after the key (before_time, before_id).
SELECT * FROM notifications
WHERE owner_id = @owner_id AND (created_at, id) < (@before_time::timestamptz, @before_id::uuid)
ORDER BY created_at DESC, id DESC
LIMIT @page_size;

-- name: NotificationListFailed :many
-- Those that were given up: newest first, after the key (before_time, before_id).
SELECT * FROM notifications
WHERE owner_id = @owner_id AND state = 'ended' AND NOT delivered AND (created_at, id) < (@before_time::timestamptz, @before_id::uuid)
ORDER BY created_at DESC, id DESC
LIMIT @page_size;

-- name: NotificationClaim :one
-- Takes a message that waits to be sent, before it is: whoever comes later finds that somebody has. No row when it waits no more.
UPDATE notifications SET state = 'sending', attempts = attempts + 1
WHERE id = @id AND owner_id = @owner_id AND state = 'waiting'
RETURNING *;

-- name: NotificationSettle :execrows
-- Writes down what became of a message that was being sent. What it said is forgotten once it is delivered.
UPDATE notifications SET
    state = @state, delivered = @delivered, problem = @problem, sender = @sender,
    content = CASE WHEN @delivered THEN '' ELSE content END, html = CASE WHEN @delivered THEN '' ELSE html END
WHERE id = @id AND owner_id = @owner_id AND state = 'sending';

-- name: NotificationReached :execrows
-- Writes down which browsers have taken a message that is being sent, where others have not.
UPDATE notifications SET reached = reached || @taken::uuid[]
WHERE id = @id AND owner_id = @owner_id AND state = 'sending';

-- name: NotificationResend :one
-- Has a message that was given up wait to be sent again. No row when it is none, or nobody knows what it said.
UPDATE notifications SET state = 'waiting', problem = '', attempts = 0
WHERE id = @id AND owner_id = @owner_id AND state = 'ended' AND NOT delivered AND content <> ''
RETURNING *;

-- name: NotificationPreferencesGet :one
SELECT * FROM notification_preferences WHERE owner_id = @owner_id;

-- name: NotificationPreferencesUpsert :one
-- Changes what is to be set, and leaves the rest as it is.
INSERT INTO notification_preferences AS p (owner_id, muted, quiet_from, quiet_until, quiet_zone, updated_at)
VALUES (@owner_id, @muted, sqlc.narg(quiet_from), sqlc.narg(quiet_until), sqlc.narg(quiet_zone), @now)
ON CONFLICT (owner_id) DO UPDATE SET
    muted = CASE WHEN @set_muted::boolean THEN excluded.muted ELSE p.muted END,
    quiet_from = CASE WHEN @set_quiet::boolean THEN excluded.quiet_from ELSE p.quiet_from END,
    quiet_until = CASE WHEN @set_quiet::boolean THEN excluded.quiet_until ELSE p.quiet_until END,
    quiet_zone = CASE WHEN @set_quiet::boolean THEN excluded.quiet_zone ELSE p.quiet_zone END,
    updated_at = excluded.updated_at
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
