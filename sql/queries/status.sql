-- name: DatabaseInfo :one
-- The server's clock and version, and how the database keeps text.
SELECT
    clock_timestamp()::timestamptz AS now, current_setting('server_version')::text AS version,
    current_setting('server_encoding')::text AS encoding;
