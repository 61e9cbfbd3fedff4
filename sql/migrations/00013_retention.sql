-- +goose Up
-- How many messages an owner was sent on a day, by the allowance that they counted against, whether they arrived or not.
-- A row a day, so that a new day begins at nothing.
CREATE TABLE notification_counts (
    owner_id  uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day       timestamptz NOT NULL, -- its beginning, 00:00 UTC
    allowance text NOT NULL,
    sent      integer NOT NULL,
    PRIMARY KEY (owner_id, day, allowance),
    CONSTRAINT notification_counts_allowance_known CHECK (allowance IN
        ('requested', 'news_email', 'news_push', 'trouble_email', 'trouble_push')),
    CONSTRAINT notification_counts_sent CHECK (sent > 0)
);

-- What is too old is found by these, without reading the rest.
CREATE INDEX notification_counts_day ON notification_counts (day);
CREATE INDEX notifications_created ON notifications (created_at);
CREATE INDEX requests_created ON requests (created_at);
CREATE INDEX post_transitions_occurred ON post_transitions (occurred_at, post_id, revision);

-- A publication that goes with its post takes its attempts: the unique index holds only those that may have been sent.
CREATE INDEX publish_attempts_publication ON publish_attempts (publication_id);

-- +goose Down
DROP INDEX publish_attempts_publication;
DROP INDEX post_transitions_occurred;
DROP INDEX requests_created;
DROP INDEX notifications_created;
DROP TABLE notification_counts;
