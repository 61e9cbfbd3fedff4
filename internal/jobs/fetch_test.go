package jobs

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// breaking is an executor whose second fetch fails.
type breaking struct {
	riverdriver.Executor
	fetches int
}

func (b *breaking) JobGetAvailable(_ context.Context, params *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	if b.fetches++; b.fetches > 1 {
		return nil, errors.New("the connection is lost")
	}
	return &riverdriver.JobGetAvailableResult{Jobs: []*rivertype.JobRow{{ID: 1, Queue: params.Queue}}}, nil
}

// Jobs that were taken are running, as far as the database knows: a failure to take others must not lose them.
func TestJobsThatWereTakenAreWorkedThoughTheNextLineFails(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, log)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	for range 2 {
		_, err := store.Exec(
			t.Context(),
			`INSERT INTO river.river_job (state, queue, kind, args, max_attempts) VALUES ('available', $1, 'test', '{}', 1)`,
			lineOf(uuid.New()),
		)
		require.NoError(t, err)
	}
	taken, err := fetcher{
		Executor: &breaking{},
		turns:    &turns{store: store, log: log, wakeups: &wakeups{now: time.Now}},
	}.JobGetAvailable(
		t.Context(),
		&riverdriver.JobGetAvailableParams{MaxToLock: 10},
	)
	require.NoError(t, err)
	require.Len(t, taken.Jobs, 1)
}
