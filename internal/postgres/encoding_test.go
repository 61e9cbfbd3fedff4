package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

// Who sets another encoding of connections than UTF-8 would have PostgreSQL keep other texts than were written, and read them
// back as they were: nobody would notice before another program reads them.
func TestTextsAreKeptAsWrittenWhateverEncodingIsSet(t *testing.T) {
	t.Parallel()
	const written = "Zürich – 東京 🦊"
	pooledTo := func(t *testing.T, databaseURL string) (string, string) {
		t.Helper()
		return dbtest.Pooler(t, databaseURL, "pool_mode = transaction"), databaseURL
	}
	for name, c := range map[string]struct {
		set  string // as superuser; ROLE and DATABASE stand for the case's
		urls func(t *testing.T, databaseURL string) (pooled, direct string)
	}{
		"nothing is set":   {"", nil},
		"for the role":     {"ALTER ROLE ROLE SET client_encoding = 'LATIN1'", nil},
		"for the database": {"ALTER DATABASE DATABASE SET client_encoding = 'LATIN1'", nil},
		"by the URL": {"", func(t *testing.T, databaseURL string) (string, string) {
			t.Helper()
			return with(t, databaseURL, "client_encoding=LATIN1"), ""
		}},
		"by the URL's options": {"", func(t *testing.T, databaseURL string) (string, string) {
			t.Helper()
			return with(t, databaseURL, "options=-cclient_encoding=LATIN1"), ""
		}},
		"for the role, behind a pooler":     {"ALTER ROLE ROLE SET client_encoding = 'LATIN1'", pooledTo},
		"for the database, behind a pooler": {"ALTER DATABASE DATABASE SET client_encoding = 'LATIN1'", pooledTo},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			super := dbtest.New(t)
			database := databaseOf(t, super)
			role := "writes_" + database
			admin(t, super, "CREATE ROLE "+role+" LOGIN", "GRANT SELECT, INSERT ON users TO "+role, "GRANT USAGE ON SCHEMA public TO "+role)
			if c.set != "" {
				admin(t, super, strings.NewReplacer("ROLE ROLE", "ROLE "+role, "DATABASE DATABASE", "DATABASE "+database).Replace(c.set))
			}
			pooled, direct := as(t, super, role), ""
			if c.urls != nil {
				pooled, direct = c.urls(t, pooled)
			}
			store, err := openPooled(t, pooled, direct)
			require.NoError(t, err)
			require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
				_, err := tx.Exec(
					t.Context(),
					`INSERT INTO users (id, email, name, created_at) VALUES (gen_random_uuid(), 'ada@example.org', $1, now())`,
					written,
				)
				return err
			}))
			var kept []byte
			conn, err := pgx.Connect(t.Context(), super)
			require.NoError(t, err)
			require.NoError(t, conn.QueryRow(t.Context(), `SELECT convert_to(name, 'UTF8') FROM users`).Scan(&kept))
			require.NoError(t, conn.Close(t.Context()))
			require.Equal(t, written, string(kept))
		})
	}
}
