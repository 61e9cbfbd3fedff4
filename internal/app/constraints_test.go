package app

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

// A constraint that a migration renames would take its field's name out of the fault, and nobody would notice.
func TestEveryConstraintThatHasWordsIsThere(t *testing.T) {
	t.Parallel()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	var there []string
	require.NoError(t, store.QueryRow(t.Context(), `SELECT array_agg(name) FROM (
			SELECT conname::text FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
			UNION SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema()
		) AS named (name)`).Scan(&there))
	for name := range constraints() {
		require.Contains(t, there, name)
	}
}
