-- +goose Up
-- Where this database is: the server's cluster and timeline, and the database in it. A dump that is restored, a copy of a
-- cluster that is promoted, and a replica that takes over are somewhere else than what they come from. What the server does
-- not tell to this role is called unknown.
-- +goose StatementBegin
CREATE FUNCTION database_place() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    cluster text := 'unknown';
    timeline text := 'unknown';
BEGIN
    BEGIN
        SELECT system_identifier::text INTO cluster FROM pg_control_system();
    EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
        NULL;
    END;
    BEGIN
        -- Not pg_control_checkpoint, which knows a new timeline only after the first checkpoint on it.
        timeline := left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
    EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported OR object_not_in_prerequisite_state THEN
        NULL;
    END;
    RETURN format('cluster %s timeline %s database %s', cluster, timeline,
        (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()));
END
$$;
-- +goose StatementEnd

-- The one row says from where posts were sent last. It is not there before Postwright first serves.
CREATE TABLE database_origin (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    place      text        NOT NULL,
    -- The transaction that wrote the row, and the table that it was written to: a row that a restore brought, also into the
    -- database that it came from, was written by another one, to another one.
    written_by text        NOT NULL,
    written_to text        NOT NULL,
    -- When a process last found that all is as it was: about how old a backup is.
    seen_at    timestamptz NOT NULL,
    -- While it is held, nothing goes out.
    held_at     timestamptz,
    held_reason text        NOT NULL DEFAULT '',
    -- How old the data were when the hold began.
    data_from   timestamptz,
    -- The last release for which it was not known what had been sent: what was approved before the first time, or was due
    -- before the second, is not sent but in doubt.
    review_approved_before timestamptz,
    review_due_before      timestamptz,
    CONSTRAINT database_origin_held CHECK ((held_at IS NULL) = (held_reason = '')),
    CONSTRAINT database_origin_review CHECK ((review_approved_before IS NULL) = (review_due_before IS NULL))
);

-- +goose Down
DROP TABLE database_origin;
DROP FUNCTION database_place();
