-- +goose NO TRANSACTION
-- +goose Up
-- How a queued publication stands in its account's line, so that whoever frees a turn finds who is next at once, and knows how
-- many have been given one already: '' for one that looks by itself, awaited, or given and not taken yet. Each statement can be
-- run again after the file was cut off; see 00036 for the indexes.
ALTER TABLE publications ADD COLUMN IF NOT EXISTS turn text NOT NULL DEFAULT '';
ALTER TABLE publications DROP CONSTRAINT IF EXISTS publications_turn_known;
ALTER TABLE publications ADD CONSTRAINT publications_turn_known CHECK (turn IN ('', 'awaited', 'given')) NOT VALID;
ALTER TABLE publications VALIDATE CONSTRAINT publications_turn_known;
DROP INDEX CONCURRENTLY IF EXISTS publications_turns;
CREATE INDEX CONCURRENTLY publications_turns ON publications (account_id, turn, created_at, id) WHERE state = 'queued' AND turn <> '';
DROP INDEX CONCURRENTLY IF EXISTS publications_sending;
CREATE INDEX CONCURRENTLY publications_sending ON publications (account_id) WHERE state = 'publishing';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS publications_sending;
DROP INDEX CONCURRENTLY IF EXISTS publications_turns;
ALTER TABLE publications DROP COLUMN IF EXISTS turn;
