package publishing

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// settle writes what an attempt came to, and all that depends on it. An answer that comes after the attempt was given up
// for lost settles the doubt. until is as in conclude; written again, an outcome that makes the publication wait has it
// looked at at once.
func (s *Service) settle(
	ctx context.Context, tx *postgres.Tx, job *river.Job[Args], rows locked, attempt Attempt, o outcome,
) (until time.Time, err error) {
	ended, err := s.endAttempt(ctx, tx, rows.post.OwnerID, attempt.ID, o)
	if err != nil {
		return until, err
	}
	if ended == 0 {
		kept, err := s.queries.AttemptCount(ctx, tx, db.AttemptCountParams{ID: attempt.ID, OwnerID: job.Args.OwnerID})
		queued := rows.publication.State == posts.StateQueued
		switch {
		case err != nil:
			return until, err
		case kept > 0 && queued:
			return s.now(), nil // it was written before, by a commit that was not answered: the publication waits
		case kept > 0:
			return until, s.settleLate(ctx, tx, rows, attempt.ID, o)
		case !queued:
			id, err := uuid.NewV7()
			if err != nil {
				return until, err
			}
			return until, s.keepLost(ctx, tx, rows, id, attempt, o)
		}
		if err := s.keepAttempt(ctx, tx, rows.post.OwnerID, rows.publication.ID, attempt, o); err != nil {
			return until, err
		}
	}
	if ended > 0 && o.attempt == attemptNotSent { // else an hour without a network would use up a day's requests
		if err := s.accounts.UncountRequest(ctx, tx, rows.account, attempt.StartedAt); err != nil {
			return until, err
		}
	}
	return s.conclude(ctx, tx, job, rows, o)
}

func (s *Service) endAttempt(ctx context.Context, tx *postgres.Tx, ownerID, attempt uuid.UUID, o outcome) (int64, error) {
	return s.queries.AttemptEnd(ctx, tx, db.AttemptEndParams{
		ID: attempt, OwnerID: ownerID, EndedAt: s.now(), Outcome: o.attempt, Status: int32(o.status), //nolint:gosec // an HTTP status
		Code: o.code, Message: o.message, RequestID: o.traceID,
	})
}

// conclude writes what a publication came to: its own row, the post's, the account's where the outcome is about that,
// the job's completion and the jobs that follow. A publication that waits keeps its job, which the caller lets sleep
// until then; until is zero for one that has ended.
func (s *Service) conclude(ctx context.Context, tx *postgres.Tx, job *river.Job[Args], rows locked, o outcome) (until time.Time, err error) {
	if err := s.affect(ctx, tx, rows.account, o); err != nil {
		return until, err
	}
	doubts, err := s.queries.AttemptDoubts(ctx, tx, db.AttemptDoubtsParams{PostID: rows.post.ID, OwnerID: rows.post.OwnerID})
	if err != nil {
		return until, err
	}
	if doubts.Open > 0 || doubts.There > 0 {
		if o, err = s.unlessTwin(ctx, tx, rows, o, doubts.OpenSince); err != nil {
			return until, err
		}
	}
	switch {
	case doubts.Open > 0:
		o = o.afterDoubt()
	case doubts.There > 0:
		o = o.afterArrival(rows.post.LinkedInURN)
	}
	if o.state == posts.StateQueued {
		return o.until, s.wait(ctx, tx, rows, o)
	}
	if err := s.end(ctx, tx, rows, o); err != nil {
		return until, err
	}
	return until, jobs.Complete(ctx, tx, job)
}

// end brings a publication to its end, and lets follow what follows.
func (s *Service) end(ctx context.Context, tx *postgres.Tx, rows locked, o outcome) error {
	now := s.now()
	if _, err := s.queries.PublicationEnd(ctx, tx, db.PublicationEndParams{
		ID: rows.publication.ID, OwnerID: rows.post.OwnerID, State: o.state, EndedAt: now,
	}); err != nil {
		return err
	}
	if o.attempt == attemptAccepted {
		if err := s.accounts.EndHoldStreak(ctx, tx, rows.account); err != nil {
			return err
		}
	}
	if o.settles {
		if err := s.settleDoubts(ctx, tx, rows.post, o.state, settledByDuplicate, now); err != nil {
			return err
		}
	}
	post, err := s.markPost(ctx, tx, rows.post, o, now)
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

func (s *Service) markPost(ctx context.Context, tx *postgres.Tx, post posts.Post, o outcome, now time.Time) (posts.Post, error) {
	if o.state == posts.StatePublished {
		return posts.FromRow(s.queries.PostMarkPublished(ctx, tx, db.PostMarkPublishedParams{
			ID: post.ID, OwnerID: post.OwnerID, LinkedInURN: o.urn, Now: now,
		}))
	}
	return posts.FromRow(s.queries.PostMarkNotPublished(ctx, tx, db.PostMarkNotPublishedParams{
		ID: post.ID, OwnerID: post.OwnerID, State: o.state, Now: now,
		FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: o.failure.remedy,
	}))
}

// wait puts a publication back into the queue and says on the post why.
func (s *Service) wait(ctx context.Context, tx *postgres.Tx, rows locked, o outcome) error {
	post, publication := rows.post, rows.publication
	if o.excused {
		publication.DueAt = o.until
	}
	var err error
	if publication.State == posts.StatePublishing {
		_, err = s.queries.PublicationMarkWaiting(
			ctx,
			tx,
			db.PublicationMarkWaitingParams{ID: publication.ID, OwnerID: post.OwnerID, DueAt: publication.DueAt},
		)
	} else {
		_, err = s.queries.PublicationDefer(ctx, tx, db.PublicationDeferParams{ID: publication.ID, OwnerID: post.OwnerID, DueAt: publication.DueAt})
	}
	if err != nil {
		return err
	}
	if told := (failure{post.FailureCode, post.FailureMessage, post.FailureRemedy}); post.State != posts.StateQueued || told != o.failure {
		if _, err := s.queries.PostMarkWaiting(ctx, tx, db.PostMarkWaitingParams{
			ID: post.ID, OwnerID: post.OwnerID, Now: s.now(),
			FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: o.failure.remedy,
		}); err != nil {
			return err
		}
	}
	return nil
}

// affect holds or pauses the account where LinkedIn's answer was about that, whatever becomes of the post.
func (s *Service) affect(ctx context.Context, tx *postgres.Tx, account accounts.Account, o outcome) error {
	switch o.account {
	case accountHeld:
		return s.accounts.Hold(ctx, tx, account, o.heldUntil, o.failure.code, o.streak)
	case accountPaused:
		return s.accounts.Pause(ctx, tx, account, o.failure.code)
	}
	return nil
}

// settleLate takes the answer of an attempt that another process had given up for lost, because this one was silent for
// too long. It settles the doubt, unless a person was faster; one more send that was approved meanwhile and has not begun
// is withdrawn when the post turns out to be there. What it says of the account counts whoever was faster.
func (s *Service) settleLate(ctx context.Context, tx *postgres.Tx, rows locked, attempt uuid.UUID, o outcome) error {
	post := rows.post
	how := settledLateRefused
	switch o.attempt {
	case attemptInDoubt:
		return nil
	case attemptAccepted:
		how = settledLateAccepted
	}
	if err := s.affect(ctx, tx, rows.account, o); err != nil {
		return err
	}
	now := s.now()
	settled, err := s.queries.AttemptSettleLate(ctx, tx, db.AttemptSettleLateParams{
		ID: attempt, OwnerID: post.OwnerID, SettledAt: now, Settlement: how, Status: int32(o.status), //nolint:gosec // an HTTP status
		Code: o.code, Message: o.message, RequestID: o.traceID,
	})
	if err != nil || settled == 0 {
		return err
	}
	if how == settledLateAccepted {
		return s.arrived(ctx, tx, post, o.urn, how, now)
	}
	doubts, err := s.queries.AttemptDoubts(ctx, tx, db.AttemptDoubtsParams{PostID: post.ID, OwnerID: post.OwnerID})
	if err != nil {
		return err
	}
	if o, err = s.unlessTwin(ctx, tx, rows, o, doubts.OpenSince); err != nil {
		return err
	}
	switch {
	case doubts.Open > 0 && o.duplicateOf != "":
		return s.arrived(ctx, tx, post, o.duplicateOf, settledByDuplicate, now)
	case doubts.Open > 0:
		return nil
	case doubts.There > 0:
		return s.arrived(ctx, tx, post, cmp.Or(post.LinkedInURN, o.duplicateOf), how, now)
	case post.State != posts.StateUnconfirmed:
		return nil
	}
	if err := s.settleDoubts(ctx, tx, post, posts.StateFailed, how, now); err != nil {
		return err
	}
	remedy := o.failure.remedy
	if o.state == posts.StateQueued { // that it goes out by itself, which it does not any more
		remedy = "Nothing is on LinkedIn. Publish the post again."
	}
	return s.settlePost(ctx, tx, db.PostSettleParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, State: posts.StateFailed,
		FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: remedy,
	})
}

// arrived writes down that a post that was in doubt is on LinkedIn, whatever state it is in by now.
func (s *Service) arrived(ctx context.Context, tx *postgres.Tx, post posts.Post, urn, how string, now time.Time) error {
	if err := s.settleDoubts(ctx, tx, post, posts.StatePublished, how, now); err != nil {
		return err
	}
	switch post.State {
	// Of these only the last is known without a database that went back: see keepLost.
	case posts.StateDraft, posts.StateScheduled, posts.StateFailed, posts.StateUnconfirmed:
		return s.settlePost(ctx, tx, db.PostSettleParams{
			ID: post.ID, OwnerID: post.OwnerID, Now: now, State: posts.StatePublished, PublishedAt: &now, LinkedInURN: urn,
		})
	case posts.StateQueued:
		if _, err := s.queries.PublicationWithdraw(
			ctx,
			tx,
			db.PublicationWithdrawParams{PostID: post.ID, OwnerID: post.OwnerID, EndedAt: now},
		); err != nil {
			return err
		}
		published, err := posts.FromRow(s.queries.PostMarkPublished(ctx, tx, db.PostMarkPublishedParams{
			ID: post.ID, OwnerID: post.OwnerID, LinkedInURN: urn, Now: now,
		}))
		if err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, s.follow(published, "")...)
	case posts.StatePublishing: // the answer of the attempt under way ends it: see afterArrival
		_, err := s.queries.PostKeepURN(ctx, tx, db.PostKeepURNParams{ID: post.ID, OwnerID: post.OwnerID, LinkedInURN: urn, Now: now})
		return err
	}
	return nil
}

// settlePost brings a post that is not on its way to its end and lets follow what follows.
func (s *Service) settlePost(ctx context.Context, tx *postgres.Tx, settled db.PostSettleParams) error {
	post, err := posts.FromRow(s.queries.PostSettle(ctx, tx, settled))
	if err != nil {
		return err
	}
	return s.jobs.Insert(ctx, tx, s.follow(post, "")...)
}
