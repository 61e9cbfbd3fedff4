package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
)

// foreignKeysWithoutIndex are the foreign keys whose columns no index begins with, in any order, that holds every row, or every one
// that refers to something: with each row that is deleted from the other table, PostgreSQL reads all of this one. An index whose
// build was cut off helps nobody.
const foreignKeysWithoutIndex = `
SELECT key.conrelid::regclass || ' (' || string_agg(a.attname, ', ' ORDER BY a.attnum) || ')'
FROM pg_constraint key JOIN pg_attribute a ON a.attrelid = key.conrelid AND a.attnum = ANY (key.conkey)
WHERE key.contype = 'f' AND key.connamespace = current_schema()::regnamespace AND NOT EXISTS (
    SELECT 1 FROM pg_index i
    WHERE i.indrelid = key.conrelid AND i.indisvalid
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = (
            SELECT format('(%I IS NOT NULL)', one.attname) FROM pg_attribute one
            WHERE one.attrelid = key.conrelid AND one.attnum = key.conkey[1] AND cardinality(key.conkey) = 1))
        AND (i.indkey::smallint[])[0:cardinality(key.conkey) - 1] @> key.conkey)
GROUP BY key.oid, key.conrelid ORDER BY 1`

func TestEveryForeignKeyHasAnIndex(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), dbtest.New(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	without := func() []string {
		rows, err := conn.Query(t.Context(), foreignKeysWithoutIndex)
		require.NoError(t, err)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return found
	}
	require.Empty(t, without())

	// What an index must not be taken for: one of some rows, one in which the column comes second, one that is not finished.
	_, err = conn.Exec(t.Context(), `
		CREATE TABLE looked_up (id uuid PRIMARY KEY, post_id uuid REFERENCES posts,
			account_id uuid REFERENCES linkedin_accounts, owner_id uuid REFERENCES users);
		CREATE INDEX ON looked_up (post_id) WHERE owner_id IS NOT NULL;
		CREATE INDEX ON looked_up (id, account_id);
		CREATE INDEX ON looked_up (account_id) WHERE account_id IS NULL;
		CREATE INDEX unfinished ON looked_up (owner_id);
		UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'unfinished'::regclass`)
	require.NoError(t, err)
	require.Equal(t, []string{"looked_up (account_id)", "looked_up (owner_id)", "looked_up (post_id)"}, without())
}
