-- +goose Up
-- How a doubt about an attempt was settled, and when. The attempt's outcome stays what it was: in_doubt.
ALTER TABLE publish_attempts
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN settlement text NOT NULL DEFAULT '',
    ADD CONSTRAINT publish_attempts_settlement_known CHECK (settlement IN
        ('', 'person_published', 'person_not_published', 'duplicate_named')),
    ADD CONSTRAINT publish_attempts_settled CHECK ((settlement = '') = (settled_at IS NULL)),
    ADD CONSTRAINT publish_attempts_settled_doubt CHECK (settlement = '' OR outcome = 'in_doubt');

-- +goose Down
ALTER TABLE publish_attempts
    DROP CONSTRAINT publish_attempts_settled_doubt,
    DROP CONSTRAINT publish_attempts_settled,
    DROP CONSTRAINT publish_attempts_settlement_known,
    DROP COLUMN settlement,
    DROP COLUMN settled_at;
