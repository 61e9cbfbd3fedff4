-- +goose NO TRANSACTION
-- +goose Up
-- Whoever deletes a row has PostgreSQL look for those that refer to it: without an index, in the whole table. Built while others
-- write: for minutes at a million rows, in which nobody waits. A build that was cut off leaves an index that nothing uses, which
-- the next one drops first, so that this file can be applied again from its beginning.
DROP INDEX CONCURRENTLY IF EXISTS publications_owner;
CREATE INDEX CONCURRENTLY publications_owner ON publications (owner_id);
DROP INDEX CONCURRENTLY IF EXISTS publications_account;
CREATE INDEX CONCURRENTLY publications_account ON publications (account_id);
DROP INDEX CONCURRENTLY IF EXISTS post_analytics_owner;
CREATE INDEX CONCURRENTLY post_analytics_owner ON post_analytics (owner_id);
DROP INDEX CONCURRENTLY IF EXISTS post_analyses_owner;
CREATE INDEX CONCURRENTLY post_analyses_owner ON post_analyses (owner_id);
DROP INDEX CONCURRENTLY IF EXISTS consents_owner;
CREATE INDEX CONCURRENTLY consents_owner ON consents (owner_id, expires_at);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS consents_owner;
DROP INDEX CONCURRENTLY IF EXISTS post_analyses_owner;
DROP INDEX CONCURRENTLY IF EXISTS post_analytics_owner;
DROP INDEX CONCURRENTLY IF EXISTS publications_account;
DROP INDEX CONCURRENTLY IF EXISTS publications_owner;
