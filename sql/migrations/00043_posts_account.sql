-- +goose NO TRANSACTION
-- +goose Up
-- The posts of an account that goes are found by it. One without an account, as most are made, was in it for nobody. Made as in 00036.
DROP INDEX CONCURRENTLY IF EXISTS posts_of_account;
CREATE INDEX CONCURRENTLY posts_of_account ON posts (account_id) WHERE account_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS posts_account;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS posts_account;
CREATE INDEX CONCURRENTLY posts_account ON posts (account_id);
DROP INDEX CONCURRENTLY IF EXISTS posts_of_account;
