package publishing

import (
	"context"

	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// Held is what a hold is about.
type Held struct {
	// Hold is nil when nothing is held.
	Hold *origin.Hold
	// Publishing were being sent, Queued wait for their turn, Due had a time that has come, Scheduled have one that will.
	Publishing, Queued, Due, Scheduled int64
}

// Held counts what is held, of all owners.
func (s *Service) Held(ctx context.Context) (Held, error) {
	standing, err := s.origin.Standing(ctx)
	if err != nil {
		return Held{}, err
	}
	open, err := s.queries.PostCountOpen(ctx, s.store, s.now())
	if err != nil {
		return Held{}, err
	}
	return Held{Hold: standing.Hold, Publishing: open.Publishing, Queued: open.Queued, Due: open.Due, Scheduled: open.Scheduled}, nil
}

// Release lets go what is held, and wakes it. With review, what may have been sent since the data were copied is in doubt
// instead: its owner looks, and says what they saw, or approves one more send. Without, it is sent.
func (s *Service) Release(ctx context.Context, review bool) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		if err := s.origin.Release(ctx, tx, review); err != nil {
			return err
		}
		queued, err := s.queries.PublicationListHeldBack(ctx, tx, decision.ReasonHeld)
		if err != nil {
			return err
		}
		ids := make([]int64, len(queued))
		for i, publication := range queued {
			ids[i] = publication.JobID
		}
		if err := s.jobs.Wake(ctx, tx, ids...); err != nil {
			return err
		}
		due, err := s.queries.PostListHeldBack(ctx, tx, db.PostListHeldBackParams{FailureCode: decision.ReasonHeld, Now: s.now()})
		if err != nil {
			return err
		}
		next := make([]river.JobArgs, len(due)) // the jobs that wait will find that they have nothing left to do
		for i, post := range due {
			next[i] = DueArgs{OwnerID: post.OwnerID, PostID: post.ID, ScheduledAt: post.DueAt}
		}
		return s.jobs.Insert(ctx, tx, next...)
	})
}
