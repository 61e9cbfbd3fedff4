package analytics

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
)

// dueEvery is how often posts are looked for whose next time of the plan has come: how late it may be.
const dueEvery = 5 * time.Minute

// mostDue is how many posts get their jobs in one transaction.
const mostDue = 500

// DueArgs is the job that finds the posts for which a time of the plan has come.
type DueArgs struct{}

// Kind names the job in River's tables; it must never change.
func (DueArgs) Kind() string { return "refresh_due_analytics" }

// InsertOpts bounds how often the job is tried: the next one comes soon.
func (DueArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 3} }

type dueWorker struct {
	river.WorkerDefaults[DueArgs]
	service *Service
}

// Work gives each of them its job. Any number may work at once.
func (w *dueWorker) Work(ctx context.Context, _ *river.Job[DueArgs]) error {
	s := w.service
	for found := mostDue; found == mostDue; {
		if err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
			due, err := s.queries.AnalyticsTakeDue(ctx, tx, db.AnalyticsTakeDueParams{Now: s.now(), Most: mostDue})
			if err != nil {
				return err
			}
			found = len(due)
			refresh := make([]river.JobArgs, len(due))
			for i, post := range due {
				refresh[i] = RefreshArgs{OwnerID: post.OwnerID, PostID: post.ID}
			}
			return s.jobs.Insert(ctx, tx, refresh...)
		}); err != nil {
			return err
		}
	}
	return nil
}
