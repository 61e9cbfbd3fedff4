-- +goose NO TRANSACTION
-- +goose Up
-- What /metrics reads every few seconds, by indexes of what is open alone: they stay as small as that is, however much was ever
-- published. publications_state was an index of everything, and all of it was read. Made as in 00036.
DROP INDEX CONCURRENTLY IF EXISTS publications_open;
CREATE INDEX CONCURRENTLY publications_open ON publications (due_at, state) WHERE state IN ('queued', 'publishing', 'unconfirmed');
DROP INDEX CONCURRENTLY IF EXISTS publications_state;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_ends;
CREATE INDEX CONCURRENTLY linkedin_accounts_ends ON linkedin_accounts (token_expires_at, id) WHERE disconnected_at IS NULL;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_ends;
DROP INDEX CONCURRENTLY IF EXISTS publications_state;
CREATE INDEX CONCURRENTLY publications_state ON publications (state);
DROP INDEX CONCURRENTLY IF EXISTS publications_open;
