-- +goose NO TRANSACTION
-- +goose Up
-- What a user did not get is found without reading what they got. Made as in 00036.
DROP INDEX CONCURRENTLY IF EXISTS notifications_undelivered;
CREATE INDEX CONCURRENTLY notifications_undelivered ON notifications (owner_id, created_at DESC, id DESC) WHERE state = 'ended' AND NOT delivered;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS notifications_undelivered;
