// Package jobs owns River: one client per process, which inserts jobs in the transaction of the data they belong to and,
// where asked, works them.
//
// It must not know what any job does: the package that owns a job brings its arguments and its worker.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/trace"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/telemetry"
)

// Config bounds the work.
type Config struct {
	// MaxWorkers is how many jobs this process works at once; 0 for a process that only inserts jobs. Each may hold a
	// database connection for moments, and one vendor connection.
	MaxWorkers int
	// Timeout bounds one run of a job. It must leave room for a vendor's attempt and a few database operations.
	Timeout time.Duration
	// RescueAfter is when a job whose process died is taken up again; longer than Timeout.
	RescueAfter time.Duration
	// KeepCompleted and KeepDiscarded are for how long jobs that are done, and those that were given up or cancelled, are kept; 0
	// for as long as River does by itself.
	KeepCompleted, KeepDiscarded time.Duration
	// Hold reports whether a job of a kind must not run now; it looks again a minute later. nil holds nothing.
	Hold func(ctx context.Context, kind string) (bool, error)
	// Context prepares the context of every run; nil leaves it as it is.
	Context func(context.Context) context.Context
	// SoftStop is how long Stop lets the jobs under way finish before their contexts are cancelled.
	SoftStop time.Duration
	// HardStop is how long Stop then waits for them, and takes itself off the list of those who work.
	HardStop time.Duration
}

// heldRetry is how often a job that is held looks again whether it may run.
const heldRetry = time.Minute

// sameLine is how often River may say the same in the log.
const sameLine = time.Minute

// Client inserts jobs and, once started, works them. It is safe for concurrent use.
type Client struct {
	river   *river.Client[pgx.Tx]
	workers *river.Workers
	cfg     Config
	heart   *heart
	working atomic.Bool
}

// New returns a client on the store's pool. Register the workers of every job with Workers before Start. A job goes on with
// the trace of the call that inserts it; tracer makes its spans.
func New(store *postgres.Store, cfg Config, tracer trace.Tracer, now func() time.Time, log *slog.Logger) (*Client, error) {
	workers := river.NewWorkers()
	var queues map[string]river.QueueConfig // none: River refuses to start, and takes no part in rescuing either
	if cfg.MaxWorkers > 0 {
		queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cfg.MaxWorkers}}
	}
	if cfg.Context == nil {
		cfg.Context = func(ctx context.Context) context.Context { return ctx }
	}
	if cfg.Hold == nil {
		cfg.Hold = func(context.Context, string) (bool, error) { return false, nil }
	}
	self := uuid.New()
	beating := &heart{id: self, store: store, queries: db.New(), now: now, log: log}
	prepare := river.WorkerMiddlewareFunc(func(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
		beating.running.Add(1)
		defer beating.running.Add(-1)
		held, err := cfg.Hold(ctx, job.Kind)
		switch {
		case err != nil:
			return err
		case held:
			return river.JobSnooze(heldRetry)
		}
		return work(cfg.Context(ctx))
	})
	taking := &turns{store: store, self: self.String(), log: log, wakeups: &wakeups{now: now}}
	client, err := river.NewClient(driver{riverpgxv5.New(store.Pool()), taking}, &river.Config{
		ID:                   self.String(), // a job says by it who runs it, and the list of those who work whether they are alive
		Schema:               postgres.JobSchema,
		Queues:               queues,
		Workers:              workers,
		JobTimeout:           cfg.Timeout,
		RetryPolicy:          retryPolicy{now: now},
		FetchPollInterval:    pollInterval, // see wakeups
		FetchCooldown:        fetchCooldown,
		RescueStuckJobsAfter: cfg.RescueAfter,
		// River deletes them in batches of its own, on the one process that it has elected.
		CompletedJobRetentionPeriod: cfg.KeepCompleted,
		CancelledJobRetentionPeriod: cfg.KeepDiscarded,
		DiscardedJobRetentionPeriod: cfg.KeepDiscarded,
		Middleware: []rivertype.Middleware{
			river.JobInsertMiddlewareFunc(attachCallContext), river.JobInsertMiddlewareFunc(lineUp),
			&runObserver{tracer: tracer, now: now, log: log}, prepare,
		},
		// Below that River tells of failed jobs in words of its own; runObserver has told it already. While the database is away,
		// every look for jobs fails, several times a second.
		Logger: telemetry.Throttled(telemetry.AtLeast(log, slog.LevelWarn), sameLine, "job_id"),
	})
	if err != nil {
		return nil, fmt.Errorf("configure the jobs: %w", err)
	}
	return &Client{river: client, workers: workers, cfg: cfg, heart: beating}, nil
}

// Workers is where the owner of a job adds its worker, with river.AddWorker, in a method Register.
func (c *Client) Workers() *river.Workers { return c.workers }

// Every has a job inserted at an interval, and once soon after a start, by one of the processes that work jobs. Call it
// before Start. The time is counted in a process's memory: it is for work that looks up itself what is due.
func (c *Client) Every(interval time.Duration, args river.JobArgs) {
	if c.cfg.MaxWorkers == 0 {
		return // a process that works does it
	}
	c.river.PeriodicJobs().Add(river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) { return args, nil }, &river.PeriodicJobOpts{RunOnStart: true}))
}

// insertBatch is how many jobs are inserted with one statement: some hundred KiB.
const insertBatch = 500

// Insert adds jobs in the transaction, however many, in few round trips: they exist when, and only when, it commits. After an
// error the transaction can only be rolled back.
func (c *Client) Insert(ctx context.Context, tx *postgres.Tx, args ...river.JobArgs) error {
	for batch := range slices.Chunk(args, insertBatch) {
		if _, err := c.InsertNamed(ctx, tx, batch...); err != nil {
			return err
		}
	}
	return nil
}

// InsertNamed adds jobs as Insert does, in one round trip, and returns the ids by which Wake knows them, in order.
func (c *Client) InsertNamed(ctx context.Context, tx *postgres.Tx, args ...river.JobArgs) ([]int64, error) {
	params := make([]river.InsertManyParams, len(args))
	for i, a := range args {
		params[i].Args = a
	}
	inserted, err := c.river.InsertManyTx(ctx, tx.Pgx(), params)
	if err != nil {
		return nil, fmt.Errorf("insert %d jobs: %w", len(args), postgres.Fault(ctx, err))
	}
	ids := make([]int64, len(inserted))
	for i, result := range inserted {
		ids[i] = result.Job.ID
	}
	return ids, nil
}

// wakeJobs, a part of statements, makes jobs that wait run now, and announces them. Whether a job runs is looked at under its row's
// lock: one whose run ends at this very moment is either found asleep, or marked before it falls asleep. IS TRUE keeps these
// statements from going through all jobs in those states by River's index of them.
const wakeJobs = `woken AS (
    UPDATE ` + postgres.JobSchema + `.river_job SET
        state = CASE WHEN state = 'running' THEN state ELSE 'available' END,
        scheduled_at = CASE WHEN state = 'running' THEN scheduled_at ELSE least(scheduled_at, now()) END,
        metadata = CASE WHEN state = 'running' THEN metadata || '{"` + wokenMark + `": true}' ELSE metadata END
    WHERE id = ANY ($1::bigint[]) AND (state IN ('available', 'scheduled', 'retryable', 'running')) IS TRUE
    RETURNING state
)
SELECT pg_notify($2, $3) FROM (SELECT FROM woken WHERE state = 'available' LIMIT 1) AS one`

const jobWake = `-- name: JobWake :exec
WITH ` + wakeJobs

const jobComplete = `-- name: JobComplete :exec
WITH completed AS (
    UPDATE ` + postgres.JobSchema + `.river_job SET state = 'completed', finalized_at = now()
    WHERE id = $4 AND (state = 'running') IS TRUE
), ` + wakeJobs

// Wake makes jobs that wait run now, once the transaction commits. One that is running at this moment, and is about to wait, runs
// again as soon as it does. Jobs that are done or gone are left alone.
func (c *Client) Wake(ctx context.Context, tx *postgres.Tx, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, jobWake, ids, insertChannel, insertPayload)
	return err
}

// InsertAt adds a job that runs at a time, give or take some seconds, or later when nothing is running then.
func (c *Client) InsertAt(ctx context.Context, tx *postgres.Tx, at time.Time, args river.JobArgs) error {
	if _, err := c.river.InsertTx(ctx, tx.Pgx(), args, &river.InsertOpts{ScheduledAt: at}); err != nil {
		return fmt.Errorf("insert the job %s: %w", args.Kind(), postgres.Fault(ctx, err))
	}
	return nil
}

// Complete marks a running job as done in the transaction that writes its outcome, so that neither is there without the
// other, and wakes others as Wake does, in one round trip.
func (c *Client) Complete(ctx context.Context, tx *postgres.Tx, id int64, wake ...int64) error {
	_, err := tx.Exec(ctx, jobComplete, wake, insertChannel, insertPayload, id)
	return err
}

// Waits between the runs of a job that fails: a database that was away for a moment must not cost minutes, and one that
// is away for long must not be asked all the time.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// MaxAttempts is how often a job that must not be lost is tried: with a minute between its runs, for a week.
const MaxAttempts = 10_000

type retryPolicy struct{ now func() time.Time }

// NextRetry implements river.ClientRetryPolicy: twice as long with every failure.
func (p retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	wait := lastRetry
	if failures := len(job.Errors); failures < 6 { // 2^6 seconds are more than a minute
		wait = firstRetry << failures
	}
	return p.now().Add(wait)
}

// Ready returns an Unavailable fault unless jobs are being worked here, and others can see that.
func (c *Client) Ready(context.Context) error {
	if !c.working.Load() {
		return fault.New(fault.Unavailable, "No jobs are being worked here.")
	}
	return c.heart.ready()
}

// Start begins to work jobs; a client without workers has nothing to start. ctx bounds the start, not the work; end that with
// Stop.
func (c *Client) Start(ctx context.Context) error {
	if c.cfg.MaxWorkers == 0 {
		return nil
	}
	if err := c.river.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the workers: %w", err)
	}
	c.heart.start(ctx, c.river.Stopped())
	c.working.Store(true)
	return nil
}

// Stop takes no further jobs and waits for those under way: softly first, then with their contexts cancelled. A publish
// job that is cut off settles itself as in doubt.
func (c *Client) Stop(ctx context.Context) error {
	if !c.working.Load() {
		return nil
	}
	c.working.Store(false)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.SoftStop+c.cfg.HardStop)
	defer cancel()
	defer c.heart.end(end)
	soft, cancel := context.WithTimeout(end, c.cfg.SoftStop)
	defer cancel()
	err := c.river.Stop(soft)
	if err == nil {
		return nil
	}
	if hardErr := c.river.StopAndCancel(end); hardErr != nil {
		return fmt.Errorf("stop the workers: %w", errors.Join(err, hardErr))
	}
	return nil
}
