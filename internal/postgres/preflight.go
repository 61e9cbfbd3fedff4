package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/sql/migrations"
)

// oldestServer is the oldest PostgreSQL that is served, as server_version_num.
const oldestServer = 140000

var tableMade = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

// tablesMade are the tables that each migration makes, by its version.
func tablesMade() (map[int64][]string, error) {
	made := map[int64][]string{}
	err := fs.WalkDir(migrations.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		version, err := goose.NumericComponent(path)
		if err != nil {
			return fmt.Errorf("read the migration's number: %w", err)
		}
		text, err := migrations.FS.ReadFile(path)
		for _, table := range tableMade.FindAllSubmatch(text, -1) {
			made[version] = append(made[version], string(table[1]))
		}
		return err
	})
	return made, err
}

// ourTables are the tables that the migrations make, and the one that tells which are applied.
func ourTables() ([]string, error) {
	made, err := tablesMade()
	tables := []string{goose.DefaultTablename}
	for _, of := range made {
		tables = append(tables, of...)
	}
	return tables, err
}

// foreign names what stands where Postwright's tables are to be, and is another application's: tables that no applied migration
// has made, and a table of migrations that tells of ones that were never applied here.
func (m *Migrator) foreign(ctx context.Context, there []string) ([]fault.Field, error) {
	made, err := tablesMade()
	if err != nil {
		return nil, err
	}
	statuses, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	const remedy = "use a database or a schema of Postwright's own, or rename it with ALTER TABLE %s RENAME TO …"
	var found []fault.Field
	standing, missing := 0, 0 // tables of migrations that were applied
	all, none := true, true   // of the migrations were applied
	for _, migration := range statuses {
		applied := !migration.AppliedAt.IsZero()
		all, none = all && applied, none && !applied
		for _, table := range made[migration.Version] {
			switch exists := slices.Contains(there, table); {
			case exists && !applied:
				found = append(found, fault.Field{Path: "the table " + table, Problem: fmt.Sprintf("is there already, and not Postwright's: "+remedy, table)})
			case exists && applied:
				standing++
			case applied:
				missing++
			}
		}
	}
	if !slices.Contains(there, goose.DefaultTablename) {
		return found, nil
	}
	newest, known, err := m.goose.GetVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	theirs := none && newest > 0 || missing > 0
	if newest > known && all { // a newer build may have dropped tables, but not most of them
		theirs = missing > standing
	}
	if theirs {
		found = append(found, fault.Field{Path: "the table " + goose.DefaultTablename,
			Problem: fmt.Sprintf("tells of migrations that are not Postwright's: "+remedy, goose.DefaultTablename)})
	}
	return found, nil
}

// preflight checks whether this role can apply the pending migrations to this database, and names everything that is in the way
// with what to run: half-way through, a schema is neither the old one nor the new. Where nothing is pending nothing is asked for.
func (m *Migrator) preflight(ctx context.Context) error {
	if err := m.check(ctx); !fault.Is(err, fault.Precondition) {
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
		notOwned, there                           []string
	}
	err = m.pool.QueryRow(ctx, `SELECT
			current_user, d.datname, pg_encoding_to_char(d.encoding), COALESCE(current_schema(), ''), current_setting('server_version'),
			current_setting('server_version_num')::int, pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
			EXISTS (SELECT 1 FROM pg_language l WHERE l.lanname = 'plpgsql' AND has_language_privilege(l.oid, 'USAGE')),
			has_database_privilege(d.oid, 'CREATE'),
			j.oid IS NOT NULL, COALESCE(pg_has_role(j.nspowner, 'USAGE'), false),
			COALESCE((SELECT has_schema_privilege(s.oid, 'CREATE') FROM pg_namespace s WHERE s.nspname = current_schema()), false),
			ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
				WHERE s.nspname = current_schema() AND c.relname = ANY ($2) AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1),
			ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
				WHERE s.nspname = current_schema() AND c.relname = ANY ($2) ORDER BY 1)
		FROM pg_database d LEFT JOIN pg_namespace j ON j.nspname = $1 WHERE d.datname = current_database()`, JobSchema, tables).Scan(
		&found.role, &found.database, &found.encoding, &found.schema, &found.version, &found.number, &found.readOnly, &found.language,
		&found.mayCreateSchema, &found.jobSchema, &found.ownsJobSchema, &found.mayCreateTables, &found.notOwned, &found.there)
	if err != nil {
		return Fault(ctx, err)
	}
	initialised, err := m.initialised(ctx)
	if err != nil {
		return err
	}
	role, database := pgx.Identifier{found.role}.Sanitize(), pgx.Identifier{found.database}.Sanitize()
	faults, err := m.foreign(ctx, found.there)
	if err != nil {
		return err
	}
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
		wrong(
			"the database "+database,
			"has the encoding %s, which can't keep every text: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
			found.encoding,
		)
	}
	if !found.language {
		wrong(
			"the language plpgsql",
			"is not there for %s: run CREATE EXTENSION IF NOT EXISTS plpgsql; GRANT USAGE ON LANGUAGE plpgsql TO %s",
			role,
			role,
		)
	}
	switch {
	case found.schema == "":
		wrong(
			"the role "+role,
			"has no schema to make tables in: run CREATE SCHEMA IF NOT EXISTS public; GRANT CREATE, USAGE ON SCHEMA public TO %s; ALTER ROLE %s SET "+
				"search_path = public",
			role,
			role,
		)
	case !found.mayCreateTables:
		schema := pgx.Identifier{found.schema}.Sanitize()
		wrong("the role "+role, "may not make tables in the schema %s: run GRANT CREATE, USAGE ON SCHEMA %s TO %s", schema, schema, role)
	}
	switch {
	case !found.jobSchema && !found.mayCreateSchema:
		wrong("the role "+role, "may not make the schema %s for the jobs: run GRANT CREATE ON DATABASE %s TO %s", JobSchema, database, role)
	case found.jobSchema && !initialised:
		wrong(
			"the schema "+JobSchema,
			"is there already, and not Postwright's: use a database of Postwright's own, or rename it with ALTER SCHEMA %s RENAME TO …",
			JobSchema,
		)
	case found.jobSchema && !found.ownsJobSchema:
		wrong("the role "+role, "does not own the schema %s: run ALTER SCHEMA %s OWNER TO %s", JobSchema, JobSchema, role)
	}
	for _, table := range found.notOwned {
		name := pgx.Identifier{table}.Sanitize()
		wrong("the role "+role, "does not own the table %s: run ALTER TABLE %s OWNER TO %s, or migrate as its owner", name, name, role)
	}
	return fault.Fields(faults...)
}
