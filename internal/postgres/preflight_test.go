package postgres_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// admin runs SQL as the server's superuser.
func admin(t *testing.T, databaseURL string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	require.NoError(t, err)
	for _, sql := range statements {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	require.NoError(t, conn.Close(t.Context()))
}

// as is a database's URL for another role.
func as(t *testing.T, databaseURL, role string) string {
	t.Helper()
	return with(t, databaseURL, "user="+role)
}

func databaseOf(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	return strings.TrimPrefix(u.Path, "/")
}

// Everything that is in the way is told at once, before the first migration, with what to run; what is told to be run suffices.
func TestMigrateLooksAtWhatItNeedsBeforeTheFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before  []string // as superuser; ROLE and DATABASE stand for the case's
		missing []string
		settled []string
	}{
		"a role that may do nothing": {nil,
			[]string{"GRANT CREATE, USAGE ON SCHEMA \"public\" TO \"ROLE\"", "GRANT CREATE ON DATABASE \"DATABASE\" TO \"ROLE\""}, nil},
		"a role that may only make tables": {[]string{"GRANT CREATE ON SCHEMA public TO ROLE"},
			[]string{"GRANT CREATE ON DATABASE \"DATABASE\" TO \"ROLE\""}, nil},
		"no schema to make tables in": {[]string{"GRANT CREATE ON DATABASE DATABASE TO ROLE", "DROP SCHEMA public"},
			[]string{"CREATE SCHEMA IF NOT EXISTS public; GRANT CREATE, USAGE ON SCHEMA public TO \"ROLE\"; ALTER ROLE \"ROLE\" SET search_path = public"},
			nil},
		"somebody else's schema river": {[]string{"GRANT CREATE ON DATABASE DATABASE TO ROLE", "GRANT CREATE ON SCHEMA public TO ROLE",
			"CREATE SCHEMA river"},
			[]string{"ALTER SCHEMA river RENAME TO"}, []string{"ALTER SCHEMA river RENAME TO theirs"}},
		"a role for reading": {[]string{"GRANT CREATE ON DATABASE DATABASE TO ROLE", "GRANT CREATE ON SCHEMA public TO ROLE",
			"ALTER ROLE ROLE SET default_transaction_read_only = on"},
			[]string{"takes no changes"}, []string{"ALTER ROLE ROLE SET default_transaction_read_only = off"}},
		"no plpgsql": {[]string{"GRANT CREATE ON DATABASE DATABASE TO ROLE", "GRANT CREATE ON SCHEMA public TO ROLE", "DROP EXTENSION plpgsql"},
			[]string{"CREATE EXTENSION IF NOT EXISTS plpgsql; GRANT USAGE ON LANGUAGE plpgsql TO \"ROLE\""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := dbtest.NewEmpty(t)
			database := databaseOf(t, databaseURL)
			role := "role_of_" + database
			fill := strings.NewReplacer("ROLE", role, "DATABASE", database)
			admin(t, databaseURL, "CREATE ROLE "+role+" LOGIN")
			for _, sql := range c.before {
				admin(t, databaseURL, keepWords(fill, sql))
			}
			m := newMigrator(t, as(t, databaseURL, role))
			applied, _, err := m.Up(t.Context())
			require.Empty(t, applied)
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			var told []string
			for _, field := range fault.Of(err).Fields {
				told = append(told, field.Path+" "+field.Problem)
			}
			require.Len(t, told, len(c.missing), "%v", told)
			all := strings.Join(told, "\n")
			for _, sql := range c.missing {
				require.Contains(t, all, keepWords(fill, sql))
				if c.settled == nil { // what is told to be run
					admin(t, databaseURL, keepWords(fill, sql))
				}
			}
			for _, sql := range c.settled {
				admin(t, databaseURL, keepWords(fill, sql))
			}
			m = newMigrator(t, as(t, databaseURL, role))
			applied, _, err = m.Up(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, applied)
			require.NoError(t, m.Check(t.Context()))
		})
	}
}

// keepWords fills the names in; SQL's own DATABASE and ROLE come right before them.
func keepWords(fill *strings.Replacer, sql string) string {
	sql = strings.NewReplacer("ON DATABASE ", "ON \x00 ", "ALTER ROLE ", "ALTER \x01 ").Replace(sql)
	return strings.NewReplacer("\x00", "DATABASE", "\x01", "ROLE").Replace(fill.Replace(sql))
}

func TestAnotherEncodingIsToldBeforeTheFirstMigration(t *testing.T) {
	t.Parallel()
	databaseURL := dbtest.NewEmpty(t)
	name := databaseOf(t, databaseURL) + "_ascii"
	admin(t, databaseURL, "CREATE DATABASE "+name+" ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	u.Path = "/" + name
	_, _, err = newMigrator(t, u.String()).Up(t.Context())
	require.Contains(t, fault.Of(err).Fields[0].Problem, "has the encoding SQL_ASCII")
}

func TestTablesOfAnotherOwnerAreTold(t *testing.T) {
	t.Parallel()
	databaseURL := dbtest.NewEmpty(t)
	_, _, err := newMigrator(t, databaseURL).Up(t.Context())
	require.NoError(t, err)
	role := "other_of_" + databaseOf(t, databaseURL)
	admin(t, databaseURL, "CREATE ROLE "+role+" LOGIN", "GRANT ALL ON SCHEMA public, river TO "+role,
		"GRANT ALL ON ALL TABLES IN SCHEMA public TO "+role, "DELETE FROM goose_db_version WHERE version_id = 18")
	_, _, err = newMigrator(t, as(t, databaseURL, role)).Up(t.Context())
	var told []string
	for _, field := range fault.Of(err).Fields {
		told = append(told, field.Problem)
	}
	all := strings.Join(told, "\n")
	require.Contains(t, all, `ALTER TABLE "api_keys" OWNER TO "`+role+`"`)
	require.Contains(t, all, `ALTER SCHEMA river OWNER TO "`+role+`"`)
}

// A newer build may drop a table that an older one made, and is not another application for that.
func TestANewerBuildsDatabaseWithATableLessIsNotAnotherApplications(t *testing.T) {
	t.Parallel()
	databaseURL := dbtest.NewEmpty(t)
	_, _, err := newMigrator(t, databaseURL).Up(t.Context())
	require.NoError(t, err)
	admin(t, databaseURL, "DROP TABLE version_warnings", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
	err = newMigrator(t, databaseURL).Check(t.Context())
	require.Empty(t, fault.Of(err).Reason, "%v", err)
	require.Contains(t, fault.Of(err).Message, "run the newer build")
}

// Half of the migrations would be applied before the first that meets them, or all would be taken for applied.
func TestTablesOfAnotherApplicationAreToldBeforeTheFirstMigration(t *testing.T) {
	t.Parallel()
	const migrated = "CREATE TABLE goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, is_applied " +
		"boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now()); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true)"
	for name, c := range map[string]struct{ before, told, settled string }{
		"a table": {"CREATE TABLE posts (id int)", "the table posts is there already", "ALTER TABLE posts RENAME TO theirs"},
		"a view": {"CREATE VIEW consents AS SELECT 1", "the table consents is there already",
			"ALTER TABLE consents RENAME TO theirs"},
		"migrations numbered as ours": {migrated + ", (1, true), (2, true), (3, true)",
			"the table goose_db_version tells of migrations that are not", "ALTER TABLE goose_db_version RENAME TO theirs"},
		"migrations numbered by times": {migrated + ", (20230101120000, true)", "the table goose_db_version tells of migrations that are not",
			"ALTER TABLE goose_db_version RENAME TO theirs"},
		"migrations, and a table like ours": {migrated + ", (1, true); CREATE TABLE users (id int)",
			"the table goose_db_version tells of migrations that are not", "DROP TABLE goose_db_version, users"},
		"migrations numbered beyond ours": {migrated + ", (1, true), (999, true); CREATE TABLE users (id int)",
			"the table goose_db_version tells of migrations that are not", "DROP TABLE goose_db_version, users"},
		"migrations of which none is there": {migrated, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := dbtest.NewEmpty(t)
			admin(t, databaseURL, c.before)
			checked := newMigrator(t, databaseURL).Check(t.Context())
			require.True(t, fault.Is(checked, fault.Precondition), "%v", checked)
			if c.told != "" { // a start that said to migrate would lead nowhere
				require.Equal(t, postgres.ReasonForeign, fault.Of(checked).Reason)
				require.Contains(t, fault.Of(checked).Message, "The database belongs to another application: "+c.told)
				require.NotContains(t, fault.Of(checked).Message, "migrate up")
			} else {
				require.Contains(t, fault.Of(checked).Message, "run `postwright migrate up`")
			}
			applied, _, err := newMigrator(t, databaseURL).Up(t.Context())
			if c.told != "" {
				require.Empty(t, applied)
				require.True(t, fault.Is(err, fault.Invalid), "%v", err)
				require.Len(t, fault.Of(err).Fields, 1)
				require.Contains(t, fault.Of(err).Fields[0].Path+" "+fault.Of(err).Fields[0].Problem, c.told)
				admin(t, databaseURL, c.settled)
				applied, _, err = newMigrator(t, databaseURL).Up(t.Context())
			}
			require.NoError(t, err)
			require.NotEmpty(t, applied)
		})
	}
}
