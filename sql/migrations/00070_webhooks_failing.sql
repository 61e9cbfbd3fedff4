-- +goose NO TRANSACTION
-- +goose Up
-- The endpoints that nothing reaches are counted without reading the others. Made as in 00036.
DROP INDEX CONCURRENTLY IF EXISTS webhooks_failing;
CREATE INDEX CONCURRENTLY webhooks_failing ON webhooks (off_reason, failing_since) WHERE failing_since IS NOT NULL;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS webhooks_failing;
