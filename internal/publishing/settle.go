package publishing

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// settle writes what a publication came to: its own row, the post's, the account's where the outcome is about that,
// the job's completion and the jobs that follow; the next in the account's line has its turn. A publication that waits keeps its
// job, which the caller lets sleep.
func (w *publicationWorker) settle(
	ctx context.Context, tx *postgres.Tx, job *river.Job[PublicationArgs], rows locked, doubts db.AttemptDoubtsRow, o decision.Outcome,
) (rest, error) {
	err := w.affect(ctx, tx, rows.account, o)
	if err != nil {
		return rest{}, err
	}
	before := earlier(rows.post, doubts)
	if before.InDoubt || before.Arrived {
		if o, err = w.unlessTwin(ctx, tx, rows, o, doubts.OpenSince); err != nil {
			return rest{}, err
		}
	}
	o = o.After(before)
	if o.State == posts.StateQueued {
		if err := w.wait(ctx, tx, rows, o); err != nil {
			return rest{}, err
		}
		return rest{o.Wait.Until}, w.giveTurn(ctx, tx, rows.account)
	}
	if err := w.end(ctx, tx, rows, o); err != nil {
		return rest{}, err
	}
	next, err := w.nextInLine(ctx, tx, rows.account)
	if err != nil {
		return rest{}, err
	}
	return rest{}, w.jobs.Complete(ctx, tx, job.ID, next...)
}

// settleUnsent is settle for a publication of which no attempt was made now.
func (w *publicationWorker) settleUnsent(
	ctx context.Context, tx *postgres.Tx, job *river.Job[PublicationArgs], rows locked, o decision.Outcome,
) (rest, error) {
	doubts, err := w.doubts(ctx, tx, rows.post)
	if err != nil {
		return rest{}, err
	}
	return w.settle(ctx, tx, job, rows, doubts, o)
}

// end brings a publication to its end, and lets follow what follows.
func (s *Service) end(ctx context.Context, tx *postgres.Tx, rows locked, o decision.Outcome) error {
	now := s.now()
	if o.Answer.Result == decision.Accepted {
		if err := s.accounts.EndHoldStreak(ctx, tx, rows.account); err != nil {
			return err
		}
	}
	if o.SettlesDoubts {
		if err := s.settleDoubts(ctx, tx, rows.post, o.State, decision.SettledByDuplicate, now); err != nil {
			return err
		}
	}
	post, err := s.mark(ctx, tx, rows, o, now)
	if err != nil {
		return err
	}
	if post.State == posts.StateUnconfirmed {
		if err := s.readBackSoon(ctx, tx, rows, now); err != nil {
			return err
		}
	}
	return s.jobs.Insert(ctx, tx, s.follow(post, "")...)
}

// mark writes the state that an outcome brings a publication and its post to.
func (s *Service) mark(ctx context.Context, tx *postgres.Tx, rows locked, o decision.Outcome, now time.Time) (posts.Post, error) {
	if o.State == posts.StatePublished {
		return posts.FromRow(s.queries.PostMarkPublished(ctx, tx, db.PostMarkPublishedParams{
			ID: rows.post.ID, OwnerID: rows.post.OwnerID, PublicationID: rows.publication.ID, LinkedInURN: o.URN, Now: now,
		}))
	}
	return posts.FromRow(s.queries.PostMarkNotPublished(ctx, tx, db.PostMarkNotPublishedParams{
		ID: rows.post.ID, OwnerID: rows.post.OwnerID, PublicationID: rows.publication.ID, State: o.State, Now: now,
		FailureCode: o.Failure.Code, FailureMessage: o.Failure.Message, FailureRemedy: o.Failure.Remedy,
	}))
}

// wait puts a publication back into the queue and says on the post why.
func (w *publicationWorker) wait(ctx context.Context, tx *postgres.Tx, rows locked, o decision.Outcome) error {
	post, p := rows.post, rows.publication
	if o.Wait.Excused {
		p.DueAt = o.Wait.Until
	}
	var err error
	if p.State == posts.StatePublishing {
		_, err = w.queries.PublicationMarkWaiting(ctx, tx, db.PublicationMarkWaitingParams{ID: p.ID, OwnerID: post.OwnerID, DueAt: p.DueAt})
	} else {
		_, err = w.queries.PublicationDefer(ctx, tx, db.PublicationDeferParams{ID: p.ID, OwnerID: post.OwnerID, DueAt: p.DueAt})
	}
	if err != nil || post.State == posts.StateQueued && toldBy(post) == o.Failure {
		return err
	}
	_, err = w.queries.PostMarkWaiting(ctx, tx, db.PostMarkWaitingParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: w.now(),
		FailureCode: o.Failure.Code, FailureMessage: o.Failure.Message, FailureRemedy: o.Failure.Remedy,
	})
	return err
}

// affect holds or pauses the account where LinkedIn's answer was about that, whatever becomes of the post.
func (w *publicationWorker) affect(ctx context.Context, tx *postgres.Tx, account accounts.Account, o decision.Outcome) error {
	switch o.Account {
	case decision.Held:
		return w.accounts.Hold(ctx, tx, account, o.Hold.Until, o.Failure.Code, o.Hold.Streak)
	case decision.Paused:
		return w.accounts.Pause(ctx, tx, account, o.Failure.Code)
	}
	return nil
}
