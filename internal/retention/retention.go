// Package retention deletes what is too old: request ids, messages that were sent, events for webhooks, how many of either an owner
// had on a day, sessions and links to sign in with, and state changes of posts that rest.
//
// It owns the order and the size of the batches. What is kept for how long, table by table, is in docs/retention.md; River's
// jobs, and whatever has an end of its own, are deleted by those who own them. The package must not know what the rows are for.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
)

// SweepEvery is how often rows that are too old are looked for.
const SweepEvery = 15 * time.Minute

// runFor bounds one run, so that it ends well within any --jobs-timeout; the next run goes on.
const runFor = 20 * time.Second

// keepCounts is how long it is known how many messages an owner was sent on a day, and how many deliveries their webhooks had: that
// day, and two more for clocks that are apart.
const keepCounts = 3 * 24 * time.Hour

// Periods are for how long rows are kept at least.
type Periods struct {
	Requests      time.Duration // request ids
	Notifications time.Duration // what was sent to whom
	Transitions   time.Duration // state changes of posts that rest
	WebhookEvents time.Duration // what was sent to webhooks
}

// DeleteOldArgs is the job that deletes what is too old.
type DeleteOldArgs struct{}

// Kind names the job in River's tables; it must never change.
func (DeleteOldArgs) Kind() string { return "forget_what_is_old" }

// InsertOpts bounds how often the job is tried: the next one comes soon.
func (DeleteOldArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 3} }

// Worker deletes rows that are too old. It takes none that somebody else has locked, so any number may work at once.
type Worker struct {
	river.WorkerDefaults[DeleteOldArgs]

	store   *postgres.Store
	queries *db.Queries
	periods Periods
	now     func() time.Time
	log     *slog.Logger
}

// NewWorker returns a Worker, which still has to be registered: see Register.
func NewWorker(store *postgres.Store, keep Periods, now func() time.Time, log *slog.Logger) *Worker {
	return &Worker{store: store, queries: db.New(), periods: keep, now: now, log: log}
}

// Register adds the worker, and its run every so often, to a client that works jobs.
func (w *Worker) Register(client *jobs.Client) {
	river.AddWorker(client.Workers(), w)
	client.Every(SweepEvery, DeleteOldArgs{})
}

// Work deletes in batches until nothing is too old, or the run's time is over. Each batch is a transaction of its own. A table
// whose batch fails is left to the next run, and holds up no other.
func (w *Worker) Work(ctx context.Context, _ *river.Job[DeleteOldArgs]) error {
	began := w.now()
	forgotten := map[string]int64{}
	defer func() { w.logDeleted(ctx, forgotten) }()
	var failed []error
	remaining := w.tables(began)
	for len(remaining) > 0 { // one batch of each in turn: a table with very much must not keep the others waiting
		var left []table
		for _, t := range remaining {
			if w.now().Sub(began) >= runFor {
				w.log.InfoContext(ctx, "there is more to forget than a run has time for: the next one goes on")
				return errors.Join(failed...)
			}
			rows, more, err := t.deleteBatch(ctx)
			if err != nil {
				failed = append(failed, fmt.Errorf("forget what is too old of %s: %w", t.name, err))
				continue
			}
			forgotten[t.name] += rows
			if more {
				left = append(left, t)
			}
		}
		remaining = left
	}
	return errors.Join(failed...)
}

func (w *Worker) logDeleted(ctx context.Context, forgotten map[string]int64) {
	for name, rows := range forgotten {
		if rows > 0 {
			w.log.InfoContext(ctx, "forgot what is too old", "table", name, "rows", rows)
		}
	}
}

// table is one that rows go from.
type table struct {
	name string
	// deleteBatch deletes at most 1,000 rows. more is false once there is nothing to delete.
	deleteBatch func(context.Context) (rows int64, more bool, err error)
}

// tables are those of a run that began at a time: every batch of it means the same by "too old".
func (w *Worker) tables(began time.Time) []table {
	return []table{
		{"requests", w.batches(w.queries.RequestDeleteOld, began.Add(-w.periods.Requests))},
		{"notifications", w.batches(w.queries.NotificationDeleteOld, began.Add(-w.periods.Notifications))},
		{"notification_counts", w.batches(w.queries.NotificationCountDeleteOld, began.Add(-keepCounts))},
		{"webhook_deliveries", w.batches(w.queries.WebhookDeliveryDeleteGone, began)},
		{"webhooks", w.batches(w.queries.WebhookDeleteGone, began)},
		{"webhooks", w.batches(w.queries.WebhookEraseSecrets, began)},
		{"webhook_events", w.batches(w.queries.WebhookEventDeleteOld, began.Add(-w.periods.WebhookEvents))},
		{"webhook_counts", w.batches(w.queries.WebhookCountDeleteOld, began.Add(-keepCounts))},
		{"sessions", w.batches(w.queries.SessionDeleteOld, began)},
		{"sign_in_links", w.batches(w.queries.SignInLinkDeleteOld, began)},
		{"post_transitions", w.transitions(began.Add(-w.periods.Transitions))},
	}
}

func (w *Worker) batches(
	remove func(context.Context, db.DBTX, time.Time) (int64, error), before time.Time,
) func(context.Context) (int64, bool, error) {
	return func(ctx context.Context) (int64, bool, error) {
		rows, err := remove(ctx, w.store, before)
		return rows, rows > 0, err
	}
}

// transitions walks over what is old once: changes of a post that does not rest, as one that is scheduled for a far day, stay
// and must not be looked at in every batch.
func (w *Worker) transitions(before time.Time) func(context.Context) (int64, bool, error) {
	var after struct {
		time     time.Time
		id       uuid.UUID
		revision int64
	}
	return func(ctx context.Context) (int64, bool, error) {
		batch, err := w.queries.PostTransitionDeleteOld(ctx, w.store, db.PostTransitionDeleteOldParams{
			Before: before, AfterTime: after.time, AfterID: after.id, AfterRevision: after.revision,
		})
		if fault.Is(err, fault.NotFound) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		after.time, after.id, after.revision = batch.OccurredAt, batch.PostID, batch.Revision
		return batch.Deleted, true, nil
	}
}
