package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

func TestTheDatabaseIsAskedForJobsWhereThereMayBeSome(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	w := &wakeups{now: func() time.Time { return clock }}
	w.rest(time.Hour)
	require.True(t, w.due(), "while nothing is heard")
	w.rest(time.Hour)
	require.True(t, w.due(), "while nothing is heard")

	w.hear(true)
	require.True(t, w.due(), "something may have been announced before")
	require.True(t, w.due(), "the look before did not end")
	w.rest(3 * time.Second)
	require.False(t, w.due())
	w.announce()
	require.True(t, w.due())
	w.announce() // while that looks
	w.rest(3 * time.Second)
	require.True(t, w.due())

	w.rest(3 * time.Second)
	clock = clock.Add(3*time.Second - 1)
	require.False(t, w.due())
	clock = clock.Add(1)
	require.True(t, w.due(), "the time of a job comes")
	w.rest(time.Hour)
	clock = clock.Add(longestRest - 1)
	require.False(t, w.due())
	clock = clock.Add(1)
	require.True(t, w.due(), "in case something was not heard")

	w.rest(time.Hour)
	w.hear(false)
	require.True(t, w.due(), "the connection is lost")
	w.rest(time.Hour)
	require.True(t, w.due(), "the connection is lost")
}

// silent is a connection that nothing comes over.
type silent struct {
	riverdriver.Listener
	pings int
}

func (s *silent) Listen(context.Context, string) error { return nil }

func (s *silent) Ping(context.Context) error {
	s.pings++
	return errors.New("nobody is there")
}

func TestASilentConnectionIsAskedNowAndThen(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	connection := &silent{}
	l := &listener{Listener: connection, wakeups: &wakeups{now: func() time.Time { return clock }}}
	require.NoError(t, l.Listen(t.Context(), insertTopic))
	clock = clock.Add(listenSilence - 1)
	require.NoError(t, l.Ping(t.Context()))
	require.Zero(t, connection.pings)
	clock = clock.Add(1)
	require.Error(t, l.Ping(t.Context()))
	require.Equal(t, 1, connection.pings)
}

// told is a job that says when it runs.
type told struct{}

func (told) Kind() string { return "test_told_job" }

type tells struct {
	river.WorkerDefaults[told]
	ran chan struct{}
}

func (w *tells) Work(context.Context, *river.Job[told]) error {
	w.ran <- struct{}{}
	return nil
}

func openStore(t *testing.T) *postgres.Store {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// The process's clock stands still, so that its rests never end: it looks where something is announced, and else for no job.
func TestEveryJobThatMayRunIsAnnounced(t *testing.T) {
	t.Parallel()
	store, stopped := openStore(t), time.Now()
	client, err := New(
		store,
		Config{MaxWorkers: 1, Timeout: time.Minute, RescueAfter: time.Hour, SoftStop: 10 * time.Second, HardStop: 10 * time.Second},
		noop.NewTracerProvider().Tracer(""),
		func() time.Time { return stopped },
		slog.New(slog.DiscardHandler),
	)
	require.NoError(t, err)
	work := &tells{ran: make(chan struct{})}
	river.AddWorker(client.Workers(), work)
	require.NoError(t, client.Start(t.Context()))
	const many = 20 // River would keep silent about all but the first within 100 ms
	for range many {
		require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error { return client.Insert(t.Context(), tx, told{}) }))
		<-work.ran
	}
	require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
		return client.InsertAt(t.Context(), tx, time.Now().Add(time.Hour), told{})
	}))
	var waits int64
	require.NoError(t, store.QueryRow(t.Context(), `SELECT id FROM river.river_job WHERE state = 'scheduled'`).Scan(&waits))
	require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
		_, err := client.Wake(t.Context(), tx, waits)
		return err
	}))
	<-work.ran
	require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error { // its time comes: River's scheduler finds it
		return client.InsertAt(t.Context(), tx, time.Now().Add(time.Millisecond), told{})
	}))
	<-work.ran
	require.NoError(t, client.Stop(t.Context()))
}

// A process may have no room for a job that it ran and that begins again within moments, and others may.
func TestAJobThatBeginsAgainSoonIsAnnouncedToAll(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	heard := make(chan string, 9)
	listening, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		store.Listen(listening, postgres.Listener{
			Channel: postgres.JobSchema + "." + insertTopic, Heard: func(string) { heard <- "job" }, Missed: func() { heard <- "listening" },
		})
	}()
	require.Equal(t, "listening", <-heard)
	var id int64
	require.NoError(t, store.QueryRow(t.Context(), `INSERT INTO river.river_job (state, kind, args, max_attempts, attempt, attempted_at, attempted_by)
		VALUES ('running', 'test', '{}', 9, 1, now(), '{me}') RETURNING id`).Scan(&id))
	all := fetcher{
		Executor: riverpgxv5.New(store.Pool()).GetExecutor(),
		turns:    &turns{store: store, self: uuid.NewString(), log: slog.New(slog.DiscardHandler), wakeups: &wakeups{now: time.Now}},
	}
	soon := time.Now().Add(time.Second)
	one := riverdriver.JobSetStateSnoozedAvailable(id, soon, 1, nil)
	set, err := all.JobSetStateIfRunningMany(t.Context(), &riverdriver.JobSetStateIfRunningManyParams{
		ID: []int64{one.ID}, Attempt: []*int{one.Attempt}, ErrData: [][]byte{nil}, FinalizedAt: []*time.Time{nil}, MetadataDoMerge: []bool{false},
		MetadataUpdates: [][]byte{nil}, ScheduledAt: []*time.Time{one.ScheduledAt}, Schema: postgres.JobSchema, State: []rivertype.JobState{one.State},
	})
	require.NoError(t, err)
	require.Equal(t, rivertype.JobStateAvailable, set[0].State)
	require.Equal(t, "job", <-heard)
	stop()
	<-ended
}
