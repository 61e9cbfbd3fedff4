-- name: VersionWarningInsert :execrows
-- No row when this warning has been given before.
INSERT INTO version_warnings (version, days_before, warned_at) VALUES (@version, @days_before, @warned_at)
ON CONFLICT DO NOTHING;

-- name: VersionWarningListOwners :many
-- Whom a warning concerns: everybody who has a connected account, once each.
SELECT DISTINCT owner_id FROM linkedin_accounts WHERE disconnected_at IS NULL ORDER BY owner_id;
