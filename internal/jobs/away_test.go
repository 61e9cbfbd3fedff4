package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
)

// River looks for jobs four times a second, and told of every look that failed.
func TestADatabaseThatIsAwayIsNotToldAtEveryLook(t *testing.T) {
	t.Parallel()
	wire := dbtest.NewWire(t, dbtest.New(t))
	said := &lines{}
	log := slog.New(slog.NewTextHandler(said, nil))
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = wire.URL(), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, log)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	working := jobs.Config{MaxWorkers: 1, Timeout: time.Minute, RescueAfter: time.Hour, SoftStop: 10 * time.Second, HardStop: 10 * time.Second}
	client, err := jobs.New(store, working, noop.NewTracerProvider().Tracer(""), time.Now, log)
	require.NoError(t, err)
	work := &worker{log: log, ran: make(chan context.Context, 1)}
	river.AddWorker(client.Workers(), work)
	require.NoError(t, client.Start(t.Context()))

	const many = 1_000_000
	began := time.Now()
	wire.Refuse(many)
	wire.Cut()
	const looks = 12 // failed ones, of two connections each: pgconn tries twice
	require.Eventually(t, func() bool { return wire.Refused() >= 2*looks }, time.Minute, 10*time.Millisecond)
	wire.Refuse(0)

	require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error { return client.Insert(t.Context(), tx, args{}) }))
	<-work.ran // the database is back, and jobs are worked without a start
	minutes := 1 + int(time.Since(began)/time.Minute)
	told := said.with("Error fetching jobs")
	require.NotEmpty(t, told)
	require.LessOrEqual(t, len(told), minutes, "%v", told)
	require.NoError(t, client.Stop(t.Context()))
}
