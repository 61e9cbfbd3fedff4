package jobs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

func TestTheHeartTellsOnceThatTheDatabaseIsAwayAndOnceThatItIsBack(t *testing.T) {
	t.Parallel()
	wire := dbtest.NewWire(t, dbtest.New(t))
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = wire.URL(), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	var said bytes.Buffer
	now := time.Now()
	h := &heart{id: uuid.New(), store: store, queries: db.New(), now: func() time.Time { return now }, last: now,
		log: slog.New(slog.NewTextHandler(&said, nil))}
	beat := func() []string {
		said.Reset()
		h.beat(t.Context())
		return strings.FieldsFunc(said.String(), func(r rune) bool { return r == '\n' })
	}
	require.Empty(t, beat())
	wire.Refuse(1_000_000)
	wire.Cut()
	require.Len(t, beat(), 1)
	require.Contains(t, said.String(), "level=WARN")
	for range 2 {
		now = now.Add(beatEvery)
		require.Empty(t, beat())
	}
	wire.Refuse(0)
	require.Len(t, beat(), 1)
	require.Contains(t, said.String(), "silent=4s")
	require.Empty(t, beat())
}
