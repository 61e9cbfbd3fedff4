-- +goose Up
-- Who sent a message: the notification API, a mail server or the log. What it told of; '' is what a caller wrote. How far it is, how
-- often it was tried, and, until it is delivered, what it says, so that it can be sent again.
ALTER TABLE notifications
    ADD COLUMN sender text NOT NULL DEFAULT 'api',
    ADD COLUMN event text NOT NULL DEFAULT '',
    ADD COLUMN state text NOT NULL DEFAULT 'ended',
    ADD COLUMN attempts integer NOT NULL DEFAULT 1,
    ADD COLUMN content text NOT NULL DEFAULT '',
    ADD COLUMN html text NOT NULL DEFAULT '',
    ADD CONSTRAINT notifications_state_known CHECK (state IN ('waiting', 'sending', 'ended')) NOT VALID; -- 00056 looks at the rows

-- What a user is told of by itself, and when. No row is everything, by every channel, at any time.
CREATE TABLE notification_preferences (
    owner_id   uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- What the user is not told, as event_channel.
    muted      text[] NOT NULL,
    -- In minutes after midnight on the zone's clocks; all three or none.
    quiet_from  integer,
    quiet_until integer,
    quiet_zone  text,
    updated_at timestamptz NOT NULL,
    CONSTRAINT notification_preferences_quiet CHECK (
        (quiet_from IS NULL AND quiet_until IS NULL AND quiet_zone IS NULL)
        OR (quiet_from BETWEEN 0 AND 1439 AND quiet_until BETWEEN 0 AND 1439 AND quiet_from <> quiet_until AND quiet_zone IS NOT NULL)),
    CONSTRAINT notification_preferences_muted CHECK (cardinality(muted) <= 100)
);

-- +goose Down
DROP TABLE notification_preferences;
ALTER TABLE notifications
    DROP COLUMN html, DROP COLUMN content, DROP COLUMN attempts, DROP COLUMN state, DROP COLUMN event, DROP COLUMN sender;
