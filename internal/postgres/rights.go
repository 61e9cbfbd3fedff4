package postgres

import (
	"context"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/postwright/postwright/internal/fault"
)

// ReasonRights marks what PostgreSQL refused because the role has no right to it.
const ReasonRights = "DATABASE_RIGHTS"

// everyRight is what a table that is written needs; readOnlyTables are those that only migrations write.
const everyRight = "SELECT, INSERT, UPDATE, DELETE"

var readOnlyTables = []string{goose.DefaultTablename, "river_migration"}

// RequireRights looks whether the role may read and write what the migrations have made, and whether the server takes changes. A
// Precondition fault names all that is missing, with what to run. What is not there yet is not asked about.
func (s *Store) RequireRights(ctx context.Context) error {
	ours, err := ourTables()
	if err != nil {
		return err
	}
	var role string
	var readOnly bool
	var schemas, written, read, sequences []string
	// A schema that the role may not use is not looked into for names: it is found by what stands in the search path.
	err = s.QueryRow(ctx, `WITH ours AS (
			SELECT c.relnamespace AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relname = $1 AND c.relkind = 'r' AND (pg_table_is_visible(c.oid)
				OR quote_ident(n.nspname) = ANY (regexp_split_to_array(current_setting('search_path'), '\s*,\s*')) OR n.nspname = current_user)
			ORDER BY pg_table_is_visible(c.oid) DESC, c.oid LIMIT 1
		), relations AS (
			SELECT c.oid, c.relkind, c.relname, format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE EXISTS (SELECT FROM ours) AND c.relkind IN ('r', 'p', 'S')
				AND (n.nspname = $2 OR c.relname = ANY ($3) AND n.oid = (SELECT schema FROM ours))
		)
		SELECT quote_ident(current_user), current_setting('transaction_read_only')::bool,
			ARRAY(SELECT quote_ident(n.nspname) FROM pg_namespace n WHERE EXISTS (SELECT FROM ours)
				AND (n.nspname = $2 OR n.oid = (SELECT schema FROM ours)) AND NOT has_schema_privilege(n.oid, 'USAGE') ORDER BY 1),
			ARRAY(SELECT name FROM relations WHERE relkind <> 'S' AND relname <> ALL ($4) AND NOT (has_table_privilege(oid, 'SELECT')
				AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) ORDER BY 1),
			ARRAY(SELECT name FROM relations WHERE relkind <> 'S' AND relname = ANY ($4) AND NOT has_table_privilege(oid, 'SELECT') ORDER BY 1),
			ARRAY(SELECT name FROM relations WHERE CASE relkind WHEN 'S' THEN NOT has_sequence_privilege(oid, 'USAGE') END ORDER BY 1)`,
		goose.DefaultTablename, JobSchema, ours, readOnlyTables).
		Scan(&role, &readOnly, &schemas, &written, &read, &sequences)
	if err != nil {
		return err
	}
	var missing []string
	if readOnly {
		missing = append(
			missing,
			"The database takes no changes: connect to the primary, and let default_transaction_read_only be off for the role "+role+
				" and in the database URL.",
		)
	}
	var grants []string
	for _, g := range []struct {
		right string
		on    []string
	}{{"USAGE ON SCHEMA ", schemas}, {everyRight + " ON TABLE ", written}, {"SELECT ON TABLE ", read}, {"USAGE ON SEQUENCE ", sequences}} {
		if len(g.on) > 0 {
			grants = append(grants, "GRANT "+g.right+strings.Join(g.on, ", ")+" TO "+role)
		}
	}
	if len(grants) > 0 {
		missing = append(missing, "The role "+role+" has not every right that it needs: run "+strings.Join(grants, "; ")+".")
	}
	if len(missing) == 0 {
		return nil
	}
	return fault.New(fault.Precondition, strings.Join(missing, " ")).WithReason(ReasonRights)
}
