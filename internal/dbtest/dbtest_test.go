package dbtest_test

import (
	"context"
	"log/slog"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func ask[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var answer T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}

func TestNewIsMigratedAndHasAnOddTimeZone(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t)
	m, err := postgres.NewMigrator(t.Context(), url, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer m.Close()
	require.NoError(t, m.Check(t.Context()), "goose's and River's migrations are all there")
	require.Equal(t, "Asia/Kathmandu", ask[string](t, url, "SHOW timezone"))
	require.Equal(t, 0, ask[int](t, url, "SELECT count(*) FROM posts"))
}

func TestNewEmptyHasNoTable(t *testing.T) {
	t.Parallel()
	require.Equal(t, 0, ask[int](t, dbtest.NewEmpty(t),
		"SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"))
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	one, other := dbtest.New(t), dbtest.New(t)
	require.Equal(t, 1, ask[int](t, one, "WITH made AS (INSERT INTO users (id, email, name, created_at) "+
		"VALUES (gen_random_uuid(), 'a@example.com', 'A', now()) RETURNING 1) SELECT count(*) FROM made"))
	require.Equal(t, 1, ask[int](t, one, "SELECT count(*) FROM users"))
	require.Equal(t, 0, ask[int](t, other, "SELECT count(*) FROM users"))
}

func TestDatabaseGoesWithItsTestDespiteAConnection(t *testing.T) {
	t.Parallel()
	var gone, name string
	var leaked *pgx.Conn
	t.Run("leaves a connection open", func(t *testing.T) {
		gone = dbtest.New(t)
		name = ask[string](t, gone, "SELECT current_database()")
		var err error
		leaked, err = pgx.Connect(context.Background(), gone)
		require.NoError(t, err)
	})
	require.Error(t, leaked.Ping(t.Context()))
	require.NoError(t, leaked.Close(t.Context()))
	require.Equal(t, 0, ask[int](t, dbtest.NewEmpty(t), "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"))
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 0, ask[int](t, dbtest.New(t), "SELECT count(*) FROM posts"))
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		dbtest.New(b)
	}
}
