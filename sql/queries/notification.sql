-- name: NotificationInsert :one
INSERT INTO notifications (id, owner_id, post_id, channel, recipient, subject, delivered, problem, created_at)
VALUES (@id, @owner_id, sqlc.narg(post_id), @channel, @recipient, @subject, @delivered, @problem, @created_at)
RETURNING *;
