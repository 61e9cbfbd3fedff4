-- +goose NO TRANSACTION
-- +goose Up
-- Rows that are written meanwhile wait for nothing.
ALTER TABLE notifications VALIDATE CONSTRAINT notifications_state_known;
-- What a user did not get is found without reading what they got. Made as in 00036.
DROP INDEX CONCURRENTLY IF EXISTS notifications_undelivered;
CREATE INDEX CONCURRENTLY notifications_undelivered ON notifications (owner_id, created_at DESC, id DESC) WHERE state = 'ended' AND NOT delivered;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS notifications_undelivered;
