package postgres_test

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/sql/migrations"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var quiet = slog.New(slog.DiscardHandler)

func newMigrator(t *testing.T, databaseURL string) *postgres.Migrator {
	t.Helper()
	m, err := postgres.NewMigrator(t.Context(), databaseURL, quiet)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

// schema is the database's whole schema as pg_dump writes it, without the rows that say when what was applied.
func schema(t *testing.T, databaseURL string) string {
	t.Helper()
	dump, err := exec.CommandContext(t.Context(), "pg_dump", "--schema-only", "--no-owner", "--restrict-key=test", databaseURL).CombinedOutput()
	require.NoError(t, err, "%s", dump)
	return string(dump)
}

func TestUpDownUpGivesTheSameSchema(t *testing.T) {
	t.Parallel()
	url := dbtest.NewEmpty(t)
	m := newMigrator(t, url)
	applied, _, err := m.Up(t.Context())
	require.NoError(t, err)
	first := schema(t, url)
	for range applied {
		name, err := m.Down(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, name)
	}
	require.NotContains(t, schema(t, url), "CREATE TABLE public.posts", "nothing of ours is left")
	again, _, err := m.Up(t.Context())
	require.NoError(t, err)
	require.Equal(t, applied, again)
	require.Equal(t, first, schema(t, url))
}

func TestEveryMigrationFileIsRead(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations.FS, "*.sql")
	require.NoError(t, err)
	list, err := newMigrator(t, dbtest.NewEmpty(t)).Status(t.Context())
	require.NoError(t, err)
	require.Len(t, list, len(files), "goose passes over files without a number in silence")
}

// Without a lock, one of several processes that migrate an empty database at once fails.
func TestFourProcessesMayMigrateAnEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	url := dbtest.NewEmpty(t)
	var processes errgroup.Group
	for range 4 {
		m := newMigrator(t, url) // of its own: its own connections, as another process has
		processes.Go(func() error {
			_, _, err := m.Up(t.Context())
			return err
		})
	}
	require.NoError(t, processes.Wait())
	require.NoError(t, newMigrator(t, url).Check(t.Context()))
}

func TestCheckSaysWhatToRun(t *testing.T) {
	t.Parallel()
	url := dbtest.NewEmpty(t)
	m := newMigrator(t, url)
	require.ErrorContains(t, m.Check(t.Context()), "postwright migrate up", "nothing is there")
	_, _, err := m.Up(t.Context())
	require.NoError(t, err)
	require.NoError(t, m.Check(t.Context()))
	_, err = m.Down(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, m.Check(t.Context()), "postwright migrate up", "one is missing")
}

func TestStatusAndCheckWriteNothing(t *testing.T) {
	t.Parallel()
	url := dbtest.NewEmpty(t)
	m := newMigrator(t, url)
	before := schema(t, url)
	_, err := m.Status(t.Context())
	require.NoError(t, err)
	require.Error(t, m.Check(t.Context()))
	require.Equal(t, before, schema(t, url))
}

// On a server in another zone, the status told times that were hours off.
func TestAMigrationsTimeIsTheTimeWhereverTheServerIs(t *testing.T) {
	t.Parallel()
	url := dbtest.NewEmpty(t)
	m := newMigrator(t, url)
	_, _, err := m.Up(t.Context())
	require.NoError(t, err)
	list, err := m.Status(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), list[0].AppliedAt, time.Hour)
}

// The ends of tokens that nobody knew were counted from a row's last change, such as a hold. Each is now as early as is known.
func TestAssumedEndsAreCountedFromWhenATokenWasThere(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t)
	m := newMigrator(t, url)
	for name := ""; !strings.Contains(name, "token_not_known"); {
		var err error
		name, err = m.Down(t.Context())
		require.NoError(t, err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	_, err = conn.Exec(
		t.Context(),
		`INSERT INTO users (id, email, email_key, name, created_at) VALUES (gen_random_uuid(), 'ada@example.org', 'ada@example.org', 'Ada', now());
		INSERT INTO linkedin_accounts (id, owner_id, urn, display_name, sealed_token, scopes, is_default, created_at, updated_at,
			token_expires_at, token_expiry_assumed, token_revision)
		SELECT gen_random_uuid(), users.id, 'urn:li:person:' || t.name, t.name, '', '{}', FALSE, now() - made, now(), now() + ends, assumed, revision
			FROM users,
			(VALUES ('held', interval '20 days', interval '60 days', TRUE, 1), ('right', '20 days', '40 days', TRUE, 1),
				('earlier', '20 days', '30 days', TRUE, 1), ('over', '100 days', '60 days', TRUE, 1),
				('told', '20 days', '55 days', FALSE, 1), ('replaced', '20 days', '60 days', TRUE, 2)) t (name, made, ends, assumed, revision)`,
	)
	require.NoError(t, err)
	_, _, err = m.Up(t.Context())
	require.NoError(t, err)
	rows, err := conn.Query(t.Context(), `SELECT display_name, round(extract(epoch FROM token_expires_at - now()) / 86400)::int FROM linkedin_accounts`)
	require.NoError(t, err)
	left := map[string]int{}
	for rows.Next() {
		var name string
		var days int
		require.NoError(t, rows.Scan(&name, &days))
		left[name] = days
	}
	require.NoError(t, rows.Err())
	require.Equal(t, map[string]int{"held": 40, "right": 40, "earlier": 30, "over": 1, "told": 55, "replaced": 60}, left)
}
