package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// DueArgs is the job that queues a scheduled post when its time has come.
type DueArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`
	// ScheduledAt tells the job of the post's present schedule from those of earlier ones.
	ScheduledAt time.Time `json:"scheduled_at"`
}

// Kind names the job in River's tables; it must never change.
func (DueArgs) Kind() string { return "publish_due" }

// InsertOpts keeps the job from being given up: no scheduled post is forgotten.
func (DueArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: jobs.MaxAttempts} }

type dueWorker struct {
	river.WorkerDefaults[DueArgs]
	*Service
}

// Work queues the post if this is still its schedule, and nothing is in the way.
func (w *dueWorker) Work(ctx context.Context, job *river.Job[DueArgs]) error {
	s, args := w.Service, job.Args
	var r rest
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		r = rest{}
		post, err := s.posts.GetForUpdate(ctx, tx, args.OwnerID, args.PostID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if post.State != posts.StateScheduled || !post.ScheduledAt.Equal(args.ScheduledAt) {
			return nil
		}
		standing, err := s.origin.Inspect(ctx, tx)
		if err != nil {
			return err
		}
		account, noAccount := s.accounts.Find(ctx, tx, args.OwnerID, post.AccountID)
		if noAccount != nil && !fault.Is(noAccount, fault.Precondition) {
			return noAccount
		}
		now := s.now()
		obstacle := s.rules.DueObstacle(decision.Due{
			At: args.ScheduledAt, Held: standing.Hold != nil, ReviewedBefore: standing.Review.DueBefore, NoAccount: noAccount,
		}, now)
		switch {
		case obstacle == nil:
			return w.queue(ctx, tx, post, account, args.ScheduledAt, now)
		case obstacle.Waits():
			r = rest{obstacle.Wait.Until}
			return w.holdBack(ctx, tx, post, obstacle.Failure, now)
		case obstacle.InDoubt() && noAccount == nil:
			return w.dueInDoubt(ctx, tx, post, account, job.ID, args.ScheduledAt, now)
		}
		return w.miss(ctx, tx, post, obstacle.Outcome, now)
	})
	if err != nil {
		return err
	}
	return r.snooze(s.now())
}

// markDue queues a scheduled post.
func (w *dueWorker) markDue(ctx context.Context, tx *postgres.Tx, post posts.Post, account accounts.Account, now time.Time) error {
	_, err := w.queries.PostMarkDue(ctx, tx, db.PostMarkDueParams{ID: post.ID, OwnerID: post.OwnerID, AccountID: account.ID, Now: now})
	return err
}

// queue queues and approves a scheduled post.
func (w *dueWorker) queue(ctx context.Context, tx *postgres.Tx, post posts.Post, account accounts.Account, due, now time.Time) error {
	if err := w.markDue(ctx, tx, post, account, now); err != nil {
		return err
	}
	return w.approve(ctx, tx, post.OwnerID, []approval{{post.ID, account.ID}}, due, now)
}

// miss ends the schedule of a post that can't go out, and tells its owner: it failed, or is in doubt.
func (w *dueWorker) miss(ctx context.Context, tx *postgres.Tx, post posts.Post, o decision.Outcome, now time.Time) error {
	missed, err := posts.FromRow(w.queries.PostMarkMissed(ctx, tx, db.PostMarkMissedParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, State: o.State,
		FailureCode: o.Failure.Code, FailureMessage: o.Failure.Message, FailureRemedy: o.Failure.Remedy,
	}))
	if err != nil {
		return err
	}
	return w.jobs.Insert(ctx, tx, w.follow(missed, "")...)
}

// holdBack says on a scheduled post that is due why it does not go out.
func (w *dueWorker) holdBack(ctx context.Context, tx *postgres.Tx, post posts.Post, f decision.Failure, now time.Time) error {
	_, err := w.queries.PostMarkHeldBack(ctx, tx, db.PostMarkHeldBackParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, FailureCode: f.Code, FailureMessage: f.Message, FailureRemedy: f.Remedy,
	})
	return err
}

// dueInDoubt queues and approves a scheduled post, and leaves it in doubt: the attempt may have been made by somebody whose
// database is gone, at any time since there is the post. jobID is the job that found it due.
func (w *dueWorker) dueInDoubt(
	ctx context.Context, tx *postgres.Tx, post posts.Post, account accounts.Account, jobID int64, due, now time.Time,
) error {
	if err := w.markDue(ctx, tx, post, account, now); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	attemptID, err := uuid.NewV7()
	if err != nil {
		return err
	}
	if _, err := w.queries.PublicationInsertMany(ctx, tx, db.PublicationInsertManyParams{
		OwnerID: post.OwnerID, CreatedAt: now, DueAt: due,
		IDs: []uuid.UUID{id}, PostIDs: []uuid.UUID{post.ID}, AccountIDs: []uuid.UUID{account.ID}, JobIDs: []int64{jobID},
	}); err != nil {
		return err
	}
	rows, err := w.lock(ctx, tx, PublicationArgs{OwnerID: post.OwnerID, PostID: post.ID, PublicationID: id, AccountID: account.ID})
	if err != nil {
		return err
	}
	begun, err := w.beginInDoubt(ctx, tx, rows, attemptID, post.CreatedAt, now)
	if err != nil {
		return err
	}
	if _, _, err := w.writeAttempt(ctx, tx, begun.post, begun.attempt.ID, decision.MayHaveBeenSent.Answer); err != nil {
		return err
	}
	return w.end(ctx, tx, begun.locked, decision.MayHaveBeenSent)
}
