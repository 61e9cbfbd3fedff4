package apptest

import (
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Database is a connection of the test's own, past the service.
func (w *World) Database() *pgx.Conn {
	w.T.Helper()
	conn, err := pgx.Connect(w.T.Context(), w.DatabaseURL)
	require.NoError(w.T, err)
	return conn
}

// Exec runs a statement past the service, which looks for jobs afterwards: there may be some that were not there before.
func (w *World) Exec(sql string) {
	w.T.Helper()
	conn := w.Database()
	for _, statement := range []string{sql, `SELECT pg_notify('river.river_insert', '{"queue": "default"}')`} {
		_, err := conn.Exec(w.T.Context(), statement)
		require.NoError(w.T, err)
	}
	require.NoError(w.T, conn.Close(w.T.Context()))
}

// Count is the number that a query past the service finds.
func (w *World) Count(sql string) (n int) {
	w.T.Helper()
	conn := w.Database()
	require.NoError(w.T, conn.QueryRow(w.T.Context(), sql).Scan(&n))
	require.NoError(w.T, conn.Close(w.T.Context()))
	return n
}

// Idle waits until no job is left to run.
func (w *World) Idle() {
	w.T.Helper()
	require.Eventually(w.T, func() bool {
		return w.Count(`SELECT count(*) FROM river.river_job WHERE state IN ('available', 'running', 'retryable')`) == 0
	}, WaitLimit, WaitStep)
}
