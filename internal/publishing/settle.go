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
)

// settle writes what an attempt came to, and all that depends on it. An answer that comes after the attempt was given up
// for lost settles the doubt.
func (s *Service) settle(
	ctx context.Context, tx *postgres.Tx, job *river.Job[Args], attempt uuid.UUID, account accounts.Account, o outcome,
) error {
	ended, err := s.queries.AttemptEnd(ctx, tx, db.AttemptEndParams{
		ID: attempt, OwnerID: job.Args.OwnerID, EndedAt: s.now(), Outcome: o.attempt, Status: int32(o.status), //nolint:gosec // an HTTP status
		Code: o.code, Message: o.message, RequestID: o.requestID,
	})
	switch {
	case err != nil:
		return err
	case ended == 0:
		return s.settleLate(ctx, tx, job.Args, attempt, o)
	}
	return s.conclude(ctx, tx, job, account, o)
}

// conclude writes what a publication came to: its own row, the post's, the account's where the outcome is about that,
// the job's completion and the jobs that follow. A publication that waits keeps its job; the caller lets it sleep.
func (s *Service) conclude(ctx context.Context, tx *postgres.Tx, job *river.Job[Args], account accounts.Account, o outcome) error {
	args, now := job.Args, s.now()
	inDoubt, err := s.queries.AttemptCountInDoubt(ctx, tx, db.AttemptCountInDoubtParams{PostID: args.PostID, OwnerID: args.OwnerID})
	if err != nil {
		return err
	}
	if inDoubt > 0 {
		o = o.afterDoubt()
	}
	if o.state == posts.StateQueued {
		return s.wait(ctx, tx, args, account, o)
	}
	if _, err := s.queries.PublicationEnd(ctx, tx, db.PublicationEndParams{
		ID: args.PublicationID, OwnerID: args.OwnerID, State: o.state, EndedAt: now,
	}); err != nil {
		return err
	}
	if o.settles {
		if err := s.settleDoubts(ctx, tx, args.OwnerID, args.PostID, o.state, settledByDuplicate, now); err != nil {
			return err
		}
	}
	post, err := s.markPost(ctx, tx, args, o, now)
	if err != nil {
		return err
	}
	if err := s.jobs.Insert(ctx, tx, s.follow(post)...); err != nil {
		return err
	}
	return jobs.Complete(ctx, tx, job)
}

func (s *Service) markPost(ctx context.Context, tx *postgres.Tx, args Args, o outcome, now time.Time) (posts.Post, error) {
	if o.state == posts.StatePublished {
		return s.queries.PostMarkPublished(ctx, tx, db.PostMarkPublishedParams{
			ID: args.PostID, OwnerID: args.OwnerID, LinkedinURN: o.urn, Now: now,
		})
	}
	return s.queries.PostMarkNotPublished(ctx, tx, db.PostMarkNotPublishedParams{
		ID: args.PostID, OwnerID: args.OwnerID, State: o.state, Now: now,
		FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: o.failure.remedy,
	})
}

// wait puts a publication back into the queue, says on the post why, and holds or pauses the account where LinkedIn's
// answer was about that.
func (s *Service) wait(ctx context.Context, tx *postgres.Tx, args Args, account accounts.Account, o outcome) error {
	publication, err := s.queries.PublicationGet(ctx, tx, db.PublicationGetParams{ID: args.PublicationID, OwnerID: args.OwnerID})
	if err != nil {
		return err
	}
	if o.excused {
		publication.DueAt = o.until
	}
	post, err := s.queries.PostGet(ctx, tx, db.PostGetParams{ID: args.PostID, OwnerID: args.OwnerID})
	if err != nil {
		return err
	}
	switch publication.State {
	case posts.StatePublishing:
		_, err = s.queries.PublicationMarkWaiting(ctx, tx, db.PublicationMarkWaitingParams{ID: publication.ID, OwnerID: args.OwnerID, DueAt: publication.DueAt})
	default:
		_, err = s.queries.PublicationDefer(ctx, tx, db.PublicationDeferParams{ID: publication.ID, OwnerID: args.OwnerID, DueAt: publication.DueAt})
	}
	if err != nil {
		return err
	}
	if told := (failure{post.FailureCode, post.FailureMessage, post.FailureRemedy}); post.State != posts.StateQueued || told != o.failure {
		if _, err := s.queries.PostMarkWaiting(ctx, tx, db.PostMarkWaitingParams{
			ID: args.PostID, OwnerID: args.OwnerID, Now: s.now(),
			FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: o.failure.remedy,
		}); err != nil {
			return err
		}
	}
	switch o.account {
	case accountHeld:
		return s.accounts.Hold(ctx, tx, account, o.heldUntil, o.failure.code)
	case accountPaused:
		_, err := s.accounts.Pause(ctx, tx, account, o.failure.code)
		return err
	}
	return nil
}

// settleLate takes the answer of an attempt that another process had given up for lost, because this one was silent for
// too long. It settles that doubt, unless a person was faster; others about the post stand.
func (s *Service) settleLate(ctx context.Context, tx *postgres.Tx, args Args, attempt uuid.UUID, o outcome) error {
	if o.attempt == attemptInDoubt {
		return nil
	}
	now := s.now()
	settled, err := s.queries.AttemptSettleLate(ctx, tx, db.AttemptSettleLateParams{
		ID: attempt, OwnerID: args.OwnerID, SettledAt: now, Status: int32(o.status), //nolint:gosec // an HTTP status
		Code: o.code, Message: o.message, RequestID: o.requestID,
	})
	if err != nil || settled == 0 {
		return err
	}
	if o.state == posts.StatePublished {
		if err := s.settleDoubts(ctx, tx, args.OwnerID, args.PostID, o.state, settledLate, now); err != nil {
			return err
		}
		return s.settlePost(ctx, tx, db.PostSettleParams{
			ID: args.PostID, OwnerID: args.OwnerID, Now: now, State: o.state, PublishedAt: &now, LinkedinURN: o.urn,
		})
	}
	others, err := s.queries.AttemptCountInDoubt(ctx, tx, db.AttemptCountInDoubtParams{PostID: args.PostID, OwnerID: args.OwnerID})
	if err != nil || others > 0 {
		return err
	}
	if err := s.settleDoubts(ctx, tx, args.OwnerID, args.PostID, posts.StateFailed, settledLate, now); err != nil {
		return err
	}
	return s.settlePost(ctx, tx, db.PostSettleParams{
		ID: args.PostID, OwnerID: args.OwnerID, Now: now, State: posts.StateFailed,
		FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: "Nothing is on LinkedIn. Publish the post again.",
	})
}

// settlePost brings a post in doubt to its end and lets follow what follows. A post that is not in doubt any more, or
// was approved once more meanwhile, stays as it is.
func (s *Service) settlePost(ctx context.Context, tx *postgres.Tx, settled db.PostSettleParams) error {
	post, err := s.queries.PostSettle(ctx, tx, settled)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.jobs.Insert(ctx, tx, s.follow(post)...)
}
