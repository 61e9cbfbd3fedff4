-- +goose NO TRANSACTION
-- +goose Up
-- /metrics names the accounts that end first. When that is depends on whether a token is renewed by itself, which follows from the
-- configuration; each of these indexes has what ends first of one kind. Made as in 00036.
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_paused;
CREATE INDEX CONCURRENTLY linkedin_accounts_paused ON linkedin_accounts (id) WHERE disconnected_at IS NULL AND paused_reason <> '';
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_unrenewable;
CREATE INDEX CONCURRENTLY linkedin_accounts_unrenewable ON linkedin_accounts (token_expires_at, id)
    WHERE disconnected_at IS NULL AND (refresh_token_expires_at > token_expires_at) IS NOT TRUE;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_renewable;
CREATE INDEX CONCURRENTLY linkedin_accounts_renewable ON linkedin_accounts (app, token_expires_at, id)
    WHERE disconnected_at IS NULL AND refresh_token_expires_at > token_expires_at;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_refresh_ends;
CREATE INDEX CONCURRENTLY linkedin_accounts_refresh_ends ON linkedin_accounts (app, refresh_token_expires_at, id)
    WHERE disconnected_at IS NULL AND refresh_token_expires_at > token_expires_at;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_ends;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_ends;
CREATE INDEX CONCURRENTLY linkedin_accounts_ends ON linkedin_accounts (token_expires_at, id) WHERE disconnected_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_refresh_ends;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_renewable;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_unrenewable;
DROP INDEX CONCURRENTLY IF EXISTS linkedin_accounts_paused;
