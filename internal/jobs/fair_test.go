package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
)

// owned is a job of an owner.
type owned struct {
	OwnerID uuid.UUID `json:"owner_id"`
	Number  int       `json:"number"`
}

func (owned) Kind() string { return "test_owned_job" }

// gated is a worker that says which job it has begun, and ends it when it is let.
type gated struct {
	river.WorkerDefaults[owned]
	begun chan owned
	end   chan error
}

func (w *gated) Work(ctx context.Context, job *river.Job[owned]) error {
	select {
	case w.begun <- job.Args:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.end:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// office is a process that works jobs, one after the other as the test lets it.
type office struct {
	*gated
	t      *testing.T
	store  *postgres.Store
	client *jobs.Client
}

func newOffice(t *testing.T, databaseURL string, workers int) office {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = databaseURL, 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, log)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	working := jobs.Config{MaxWorkers: workers, Timeout: time.Minute, RescueAfter: time.Hour, SoftStop: time.Millisecond, HardStop: 20 * time.Second}
	client, err := jobs.New(store, working, noop.NewTracerProvider().Tracer(""), time.Now, log)
	require.NoError(t, err)
	o := office{gated: &gated{begun: make(chan owned), end: make(chan error)}, t: t, store: store, client: client}
	river.AddWorker(client.Workers(), o.gated)
	return o
}

// open begins to work until the test ends.
func (o office) open() {
	o.t.Helper()
	require.NoError(o.t, o.client.Start(o.t.Context()))
	o.t.Cleanup(func() { assert.NoError(o.t, o.client.Stop(context.WithoutCancel(o.t.Context()))) })
}

// insert puts so many jobs of an owner into the database at once, and returns their ids.
func (o office) insert(owner uuid.UUID, count int) (ids []int64) {
	o.t.Helper()
	args := make([]river.JobArgs, count)
	for i := range args {
		args[i] = owned{OwnerID: owner, Number: i}
	}
	require.NoError(o.t, o.store.InTx(o.t.Context(), func(tx *postgres.Tx) (err error) {
		ids, err = o.client.InsertNamed(o.t.Context(), tx, args...)
		return err
	}))
	return ids
}

// next is the job that begins next.
func (o office) next() owned {
	o.t.Helper()
	select {
	case job := <-o.begun:
		return job
	case <-time.After(20 * time.Second):
		require.Fail(o.t, "no job was begun")
		return owned{}
	}
}

// However long one owner's line is, another's job is the next that a free worker takes.
func TestOneOwnersLineHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t), 2)
	loud, quiet := uuid.New(), uuid.New()
	o.insert(loud, 1_000)
	o.open()
	require.Equal(t, []uuid.UUID{loud, loud}, []uuid.UUID{o.next().OwnerID, o.next().OwnerID}, "while nobody else waits, one owner has all workers")
	o.insert(quiet, 1)
	o.end <- nil
	require.Equal(t, quiet, o.next().OwnerID)
}

// While several owners wait, each gets as much as the others, in the order of its own line.
func TestOwnersTakeTurns(t *testing.T) {
	t.Parallel()
	const workers = 3
	o := newOffice(t, dbtest.New(t), workers)
	owners := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	counts := map[uuid.UUID]int{owners[0]: 300, owners[1]: 10, owners[2]: 10}
	for _, owner := range owners {
		o.insert(owner, counts[owner])
	}
	o.open()
	begun, last := map[uuid.UUID]int{}, 0
	for n := 1; begun[owners[1]] < 10 || begun[owners[2]] < 10; n++ {
		if n > workers {
			o.end <- nil
		}
		job := o.next()
		require.InDelta(t, begun[job.OwnerID], job.Number, workers, "a line keeps its order, as far as jobs that begin at once can")
		begun[job.OwnerID]++
		last = n
	}
	// A third of the jobs are each owner's. What a worker has just ended is counted as running for a moment yet, so that
	// turns are not taken to the letter.
	require.LessOrEqual(t, last, 2*len(owners)*10, "the short lines were at their end after %d jobs; begun: %v", last, begun)
}

// A lone worker has nobody beside it whose jobs run: it serves the lines in turn, and not the oldest job of all.
func TestALoneWorkerServesTheLinesInTurn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t), 1)
	loud, quiet := uuid.New(), uuid.New()
	o.insert(loud, 100)
	o.insert(quiet, 3)
	o.open()
	for n, begun := 1, 0; begun < 3; n++ {
		require.LessOrEqual(t, n, 7, "the quiet owner's third job")
		if o.next().OwnerID == quiet {
			begun++
		}
		o.end <- nil
	}
}

// More lines than one fetch looks at are looked at in turn: the last of them does not wait for the first to be empty.
func TestEveryLineIsLookedAtHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	const lines, each = 200, 5
	o := newOffice(t, dbtest.New(t), 20)
	var args []river.JobArgs
	for range lines {
		owner := uuid.New()
		owner[0] = 0
		for n := range each {
			args = append(args, owned{OwnerID: owner, Number: n})
		}
	}
	last := uuid.Max
	args = append(args, owned{OwnerID: last})
	require.NoError(t, o.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		_, err := o.client.InsertNamed(t.Context(), tx, args...)
		return err
	}))
	o.open()
	for n := 1; o.next().OwnerID != last; n++ {
		require.Less(t, n, lines*each/2)
		o.end <- nil
	}
	o.end <- nil
}

// A job that slept comes back into its owner's line: those of an account that was held wake up at the same moment.
func TestAJobThatSleptStandsInItsOwnersLineAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t), 1)
	loud, quiet := uuid.New(), uuid.New()
	ids := o.insert(loud, 50)
	o.open()
	for range ids {
		o.next()
		o.end <- river.JobSnooze(time.Hour)
	}
	o.insert(loud, 1)
	o.next() // the only worker is busy
	require.NoError(t, o.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		for _, id := range ids {
			if err := o.client.Wake(t.Context(), tx, id); err != nil {
				return err
			}
		}
		return nil
	}))
	o.insert(quiet, 1)
	o.end <- nil
	require.Equal(t, quiet, o.next().OwnerID)
}

// A job that is woken while it runs, and then sleeps, was about to wait for what has just happened.
func TestAJobThatIsWokenWhileItRunsRunsAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t), 1)
	ids := o.insert(uuid.New(), 1)
	o.open()
	for _, ended := range []error{river.JobSnooze(time.Hour), river.JobSnooze(time.Second), errors.New("the database was away")} {
		o.next()
		require.NoError(t, o.store.InTx(t.Context(), func(tx *postgres.Tx) error { return o.client.Wake(t.Context(), tx, ids...) }))
		o.end <- ended
	}
	o.next()
	o.end <- nil
	require.Eventually(t, func() bool { return o.state(ids[0]) == "completed" }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, o.store.InTx(t.Context(), func(tx *postgres.Tx) error { return o.client.Wake(t.Context(), tx, ids...) }))
	require.Equal(t, "completed", o.state(ids[0]), "what is done is not done again")
}

// state is a job's.
func (o office) state(id int64) (state string) {
	o.t.Helper()
	require.NoError(o.t, o.store.QueryRow(o.t.Context(), `SELECT state FROM river.river_job WHERE id = $1`, id).Scan(&state))
	return state
}

// However many jobs are inserted together, they are there in their order, and none of them without the others.
func TestManyJobsAreInsertedInBatches(t *testing.T) {
	t.Parallel()
	for name, count := range map[string]int{"none": 0, "one": 1, "a batch": 500, "one more": 501, "several batches": 1_700} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, dbtest.New(t), 1)
			args := make([]river.JobArgs, count)
			for i := range args {
				args[i] = owned{OwnerID: uuid.Max, Number: i}
			}
			require.NoError(t, o.store.InTx(t.Context(), func(tx *postgres.Tx) error {
				return o.client.Insert(t.Context(), tx, args...)
			}))
			rows, err := o.store.Query(t.Context(), `SELECT (args->>'number')::int FROM river.river_job ORDER BY id`)
			require.NoError(t, err)
			numbers, err := pgx.CollectRows(rows, pgx.RowTo[int])
			require.NoError(t, err)
			require.Len(t, numbers, count)
			require.True(t, slices.IsSorted(numbers))

			require.Error(t, o.store.InTx(t.Context(), func(tx *postgres.Tx) error {
				require.NoError(t, o.client.Insert(t.Context(), tx, args...))
				return errors.New("something else failed")
			}))
			var there int
			require.NoError(t, o.store.QueryRow(t.Context(), `SELECT count(*) FROM river.river_job`).Scan(&there))
			require.Equal(t, count, there)
		})
	}
}
