-- name: DatabaseLook :one
-- The server's clock and version, and how the database keeps text.
SELECT clock_timestamp()::timestamptz AS now, current_setting('server_version')::text AS version, current_setting('server_encoding')::text AS encoding;

-- name: VersionWarningInsert :execrows
-- No row when this warning has been given before.
INSERT INTO version_warnings (version, days_before, warned_at) VALUES (@version, @days_before, @warned_at)
ON CONFLICT DO NOTHING;

-- name: VersionWarningListOwners :many
-- Whom a warning concerns: everybody who has a connected account, once each.
SELECT DISTINCT owner_id FROM linkedin_accounts WHERE disconnected_at IS NULL ORDER BY owner_id;
