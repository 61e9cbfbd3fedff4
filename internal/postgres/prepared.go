package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/sql/migrations"
)

// oldestServer is the oldest PostgreSQL that is served, as server_version_num.
const oldestServer = 140000

var tableMade = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

// ourTables are the tables that the migrations make, and the one that tells which are applied.
func ourTables() ([]string, error) {
	tables := []string{goose.DefaultTablename}
	err := fs.WalkDir(migrations.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := migrations.FS.ReadFile(path)
		for _, made := range tableMade.FindAllSubmatch(text, -1) {
			tables = append(tables, string(made[1]))
		}
		return err
	})
	return tables, err
}

// prepared looks whether this role can apply the pending migrations to this database, and names everything that is in the way
// with what to run: half-way through, a schema is neither the old one nor the new. Where nothing is pending nothing is asked for.
func (m *Migrator) prepared(ctx context.Context) error {
	if err := m.Check(ctx); !fault.Is(err, fault.Precondition) {
		return err
	}
	tables, err := ourTables()
	if err != nil {
		return err
	}
	var found struct {
		role, database, encoding, schema, version string
		number                                    int
		readOnly, language, mayCreateSchema       bool
		jobSchema, ownsJobSchema, mayCreateTables bool
		notOwned                                  []string
	}
	err = m.pool.QueryRow(ctx, `SELECT
			current_user, d.datname, pg_encoding_to_char(d.encoding), COALESCE(current_schema(), ''), current_setting('server_version'),
			current_setting('server_version_num')::int, pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
			EXISTS (SELECT 1 FROM pg_language l WHERE l.lanname = 'plpgsql' AND has_language_privilege(l.oid, 'USAGE')),
			has_database_privilege(d.oid, 'CREATE'),
			j.oid IS NOT NULL, COALESCE(pg_has_role(j.nspowner, 'USAGE'), false),
			COALESCE((SELECT has_schema_privilege(s.oid, 'CREATE') FROM pg_namespace s WHERE s.nspname = current_schema()), false),
			ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
				WHERE s.nspname = current_schema() AND c.relname = ANY ($2) AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1)
		FROM pg_database d LEFT JOIN pg_namespace j ON j.nspname = $1 WHERE d.datname = current_database()`, JobSchema, tables).Scan(
		&found.role, &found.database, &found.encoding, &found.schema, &found.version, &found.number, &found.readOnly, &found.language,
		&found.mayCreateSchema, &found.jobSchema, &found.ownsJobSchema, &found.mayCreateTables, &found.notOwned)
	if err != nil {
		return translate(ctx, err)
	}
	initialised, err := m.initialised(ctx)
	if err != nil {
		return err
	}
	role, database := pgx.Identifier{found.role}.Sanitize(), pgx.Identifier{found.database}.Sanitize()
	var faults []fault.Field
	wrong := func(what, format string, args ...any) {
		faults = append(faults, fault.Field{Path: what, Problem: fmt.Sprintf(format, args...)})
	}
	if found.number < oldestServer {
		wrong("PostgreSQL "+found.version, "is too old: use %d or newer", oldestServer/10000)
	}
	if found.readOnly {
		wrong("the server", "takes no changes: connect to the primary, and let default_transaction_read_only be off")
	}
	if found.encoding != "UTF8" {
		wrong("the database "+database, "has the encoding %s, which can't keep every text: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", found.encoding)
	}
	if !found.language {
		wrong("the language plpgsql", "is not there for %s: run CREATE EXTENSION IF NOT EXISTS plpgsql; GRANT USAGE ON LANGUAGE plpgsql TO %s", role, role)
	}
	switch {
	case found.schema == "":
		wrong("the role "+role, "has no schema to make tables in: run CREATE SCHEMA IF NOT EXISTS public; GRANT CREATE, USAGE ON SCHEMA public TO %s; ALTER ROLE %s SET search_path = public", role, role)
	case !found.mayCreateTables:
		schema := pgx.Identifier{found.schema}.Sanitize()
		wrong("the role "+role, "may not make tables in the schema %s: run GRANT CREATE, USAGE ON SCHEMA %s TO %s", schema, schema, role)
	}
	switch {
	case !found.jobSchema && !found.mayCreateSchema:
		wrong("the role "+role, "may not make the schema %s for the jobs: run GRANT CREATE ON DATABASE %s TO %s", JobSchema, database, role)
	case found.jobSchema && !initialised:
		wrong("the schema "+JobSchema, "is there already, and not Postwright's: use a database of Postwright's own, or rename it with ALTER SCHEMA %s RENAME TO …", JobSchema)
	case found.jobSchema && !found.ownsJobSchema:
		wrong("the role "+role, "does not own the schema %s: run ALTER SCHEMA %s OWNER TO %s", JobSchema, JobSchema, role)
	}
	for _, table := range found.notOwned {
		name := pgx.Identifier{table}.Sanitize()
		wrong("the role "+role, "does not own the table %s: run ALTER TABLE %s OWNER TO %s, or migrate as its owner", name, name, role)
	}
	return fault.Fields(faults...)
}
