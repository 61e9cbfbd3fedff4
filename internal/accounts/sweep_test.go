package accounts_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Ten thousand accounts are not ten thousand round trips.
func TestASweepInsertsTheJobsOfManyAccountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(w.owner, ada.Token)
	exec := func(sql string) {
		t.Helper()
		_, err := w.store.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	exec(`INSERT INTO linkedin_accounts
		SELECT (jsonb_populate_record(a, jsonb_build_object(
			'id', gen_random_uuid(), 'urn', 'urn:li:person:' || n, 'is_default', false))).*
		FROM linkedin_accounts a, generate_series(1, 1200) n`)
	exec(`CREATE TABLE inserts (jobs bigint)`)
	exec(`CREATE FUNCTION count_inserts() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN INSERT INTO inserts SELECT count(*) FROM inserted; RETURN NULL; END $$`)
	exec(`CREATE TRIGGER count_inserts AFTER INSERT ON river.river_job REFERENCING NEW TABLE AS inserted
		FOR EACH STATEMENT EXECUTE FUNCTION count_inserts()`)
	require.NoError(t, w.Sweep(t.Context()))

	numbers := func(sql string) []int {
		t.Helper()
		rows, err := w.store.Query(t.Context(), sql)
		require.NoError(t, err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[int])
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []int{500, 500, 201}, numbers(`SELECT jobs FROM inserts`))
	require.Equal(t, []int{1201}, numbers(`SELECT count(*) FROM linkedin_accounts a
		JOIN river.river_job j ON j.kind = 'check_account' AND j.args->>'account_id' = a.id::text
			AND j.queue = 'owner-' || a.owner_id`))
}
