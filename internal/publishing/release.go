package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// Reasons of posts that a hold is about.
const (
	// ReasonHeld marks a post that waits because everything is held.
	ReasonHeld = "DATABASE_HELD"
	// ReasonRestored marks a post in doubt, because it may have been sent after the data were copied.
	ReasonRestored = "DATABASE_RESTORED"
)

// heldLook is how often what is held looks by itself; a release wakes it before.
const heldLook = time.Minute

// holding is the failure that what is held shows meanwhile.
var holding = failure{
	code:    ReasonHeld,
	message: "Everything is held: this database was restored, or another server took over, and it may not know what was sent.",
	remedy:  "Nothing is sent until the operator has looked and lets it go with `postwright release`.",
}

// heldBack lets a publication wait until a person lets everything go.
func heldBack(now time.Time) outcome {
	o := unsent(holding)
	o.state, o.until, o.excused = posts.StateQueued, now.Add(heldLook), true
	return o
}

// mayHaveBeenSent settles what may have been sent after the data were copied, without sending it.
var mayHaveBeenSent = outcome{
	attempt: attemptInDoubt,
	code:    ReasonRestored,
	message: "The database was restored, or another server took over, and the post may have been sent before.",
	state:   posts.StateUnconfirmed,
	failure: failure{
		code:    ReasonRestored,
		message: "The database was restored, or another server took over, and it is not known whether the post was sent before.",
		remedy:  remedyDoubt,
	},
}

// dueInDoubt approves a post that is queued because its time had come, and leaves it in doubt: the attempt may have been made
// by somebody whose database is gone, at any time since there is the post. jobID is the job that found it due.
func (s *Service) dueInDoubt(ctx context.Context, tx *postgres.Tx, post posts.Post, account accounts.Account, jobID int64, due, now time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	attemptID, err := uuid.NewV7()
	if err != nil {
		return err
	}
	if _, err := s.queries.PublicationInsertMany(ctx, tx, db.PublicationInsertManyParams{
		OwnerID: post.OwnerID, CreatedAt: now, DueAt: due,
		IDs: []uuid.UUID{id}, PostIDs: []uuid.UUID{post.ID}, AccountIDs: []uuid.UUID{account.ID}, JobIDs: []int64{jobID},
	}); err != nil {
		return err
	}
	rows, err := s.lock(ctx, tx, PublicationArgs{OwnerID: post.OwnerID, PostID: post.ID, PublicationID: id})
	if err != nil {
		return err
	}
	c := claimed{locked: rows}
	if err := s.begin(ctx, tx, &c, attemptID, post.CreatedAt, now); err != nil {
		return err
	}
	if _, err := s.queries.AttemptEnd(ctx, tx, db.AttemptEndParams{
		ID:      attemptID,
		OwnerID: post.OwnerID,
		EndedAt: now,
		Outcome: mayHaveBeenSent.attempt,
		Code:    mayHaveBeenSent.code,
		Message: mayHaveBeenSent.message,
	}); err != nil {
		return err
	}
	return s.end(ctx, tx, c.locked, mayHaveBeenSent)
}

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
		queued, err := s.queries.PublicationListHeldBack(ctx, tx, ReasonHeld)
		if err != nil {
			return err
		}
		for _, publication := range queued { // one that is running at this moment looks again within a minute
			if _, err := s.jobs.Wake(ctx, tx, publication.JobID); err != nil {
				return err
			}
		}
		due, err := s.queries.PostListHeldBack(ctx, tx, db.PostListHeldBackParams{FailureCode: ReasonHeld, Now: s.now()})
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

// holdBack says on a scheduled post that is due why it does not go out.
func (s *Service) holdBack(ctx context.Context, tx *postgres.Tx, post posts.Post, now time.Time) error {
	_, err := s.queries.PostMarkHeldBack(ctx, tx, db.PostMarkHeldBackParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, FailureCode: holding.code, FailureMessage: holding.message, FailureRemedy: holding.remedy,
	})
	return err
}
