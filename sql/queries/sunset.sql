-- name: VersionWarningInsert :execrows
-- No row when this warning has been given before.
INSERT INTO version_warnings (version, days_before, warned_at) VALUES (@version, @days_before, @warned_at)
ON CONFLICT DO NOTHING;
