package jobs_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
)

// A process whose heartbeat has stopped is not ready, and is not counted by the others.
func TestAProcessThatIsNotHeardOfIsNotReady(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, log)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	working := jobs.Config{MaxWorkers: 1, Timeout: time.Minute, RescueAfter: time.Hour, SoftStop: 10 * time.Second, HardStop: 10 * time.Second}
	client, err := jobs.New(store, working, noop.NewTracerProvider().Tracer(""), now, log)
	require.NoError(t, err)
	river.AddWorker(client.Workers(), &worker{log: log, ran: make(chan context.Context, 1)})
	require.True(t, fault.Is(client.Ready(t.Context()), fault.Unavailable), "before it starts")
	require.NoError(t, client.Start(t.Context()))

	require.NoError(t, client.Ready(t.Context()))
	alive, err := client.Alive(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, alive)

	ahead.Store(int64(31 * time.Second))
	err = client.Ready(t.Context())
	require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
	require.Contains(t, fault.Of(err).Message, "not been heard of for 31s")
	_, err = store.Exec(t.Context(), `UPDATE workers SET seen_at = now() - interval '31 seconds'`)
	require.NoError(t, err)
	alive, err = client.Alive(t.Context())
	require.NoError(t, err)
	require.Zero(t, alive)

	require.NoError(t, client.Stop(t.Context()))
	var left int
	require.NoError(t, store.QueryRow(t.Context(), `SELECT count(*) FROM workers`).Scan(&left))
	require.Zero(t, left, "an orderly stop takes the process off the list")
}
