-- +goose Up
-- What /metrics counts every few seconds must not cost more with every post that was ever published.
CREATE INDEX publications_state ON publications (state);
CREATE INDEX publish_attempts_started ON publish_attempts (started_at);
CREATE INDEX posts_scheduled ON posts (scheduled_at) WHERE state = 'scheduled';

-- +goose Down
DROP INDEX posts_scheduled;
DROP INDEX publish_attempts_started;
DROP INDEX publications_state;
