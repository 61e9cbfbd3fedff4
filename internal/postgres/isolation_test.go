package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

func TestTransactionsAreReadCommittedWhateverTheDatabasesDefaultIs(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `DO $$ BEGIN
		EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''repeatable read''', current_database()); END $$`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	for name, change := range map[string]func(*postgres.Config){
		"with sessions":    func(*postgres.Config) {},
		"without sessions": func(c *postgres.Config) { c.DirectURL = url },
	} {
		store, _ := open(t, url, change)
		var usual, level string
		require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
			if err := tx.QueryRow(t.Context(), "SHOW default_transaction_isolation").Scan(&usual); err != nil {
				return err
			}
			return tx.QueryRow(t.Context(), "SHOW transaction_isolation").Scan(&level)
		}), name)
		require.Equal(t, []string{"repeatable read", "read committed"}, []string{usual, level}, name)
	}
}
