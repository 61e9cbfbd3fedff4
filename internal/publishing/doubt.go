package publishing

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// How a doubt about an attempt is settled.
const (
	SettledPublished    = "person_published"
	SettledNotPublished = "person_not_published"
	SettledByDuplicate  = "duplicate_named"
	SettledLateAccepted = "late_accepted"
	SettledLateRefused  = "late_refused"
	SettledReadBack     = "read_back_published"
	SettledAbsent       = "read_back_absent"
)

// doubts are about a post's attempts whose answer was lost.
func (s *Service) doubts(ctx context.Context, tx *postgres.Tx, post posts.Post) (db.AttemptDoubtsRow, error) {
	return s.queries.AttemptDoubts(ctx, tx, db.AttemptDoubtsParams{PostID: post.ID, OwnerID: post.OwnerID})
}

// settleDoubts writes down how every doubt about a post was settled.
func (s *Service) settleDoubts(ctx context.Context, tx *postgres.Tx, post posts.Post, state, how string, now time.Time) error {
	if _, err := s.queries.AttemptSettleByPost(ctx, tx, db.AttemptSettleByPostParams{
		PostID: post.ID, OwnerID: post.OwnerID, SettledAt: now, Settlement: how,
	}); err != nil {
		return err
	}
	_, err := s.queries.PublicationSettleByPost(ctx, tx, db.PublicationSettleByPostParams{PostID: post.ID, OwnerID: post.OwnerID, State: state})
	return err
}

// settleLate takes the answer of an attempt that another process had given up for lost, because this one was silent for
// too long. It settles the doubt, unless a person was faster; one more send that was approved meanwhile and has not begun
// is withdrawn when the post turns out to be there. What it says of the account counts whoever was faster.
func (w *publicationWorker) settleLate(ctx context.Context, tx *postgres.Tx, rows locked, attempt uuid.UUID, o decision.Outcome) error {
	post := rows.post
	how := SettledLateRefused
	switch o.Answer.Result {
	case decision.InDoubt:
		return nil
	case decision.Accepted:
		how = SettledLateAccepted
	}
	if err := w.affect(ctx, tx, rows.account, o); err != nil {
		return err
	}
	now := w.now()
	settled, err := w.queries.AttemptSettleLate(ctx, tx, db.AttemptSettleLateParams{
		ID: attempt, OwnerID: post.OwnerID, SettledAt: now, Settlement: how, Status: int32(o.Answer.Status), //nolint:gosec // an HTTP status
		Code: o.Answer.Code, Message: o.Answer.Message, RequestID: o.Answer.TraceID,
	})
	if err != nil || settled == 0 {
		return err
	}
	if how == SettledLateAccepted {
		return w.arrived(ctx, tx, post, o.URN, how, now)
	}
	doubts, err := w.doubts(ctx, tx, post)
	if err != nil {
		return err
	}
	if o, err = w.unlessTwin(ctx, tx, rows, o, doubts.OpenSince); err != nil {
		return err
	}
	switch {
	case doubts.Open > 0 && o.Answer.DuplicateOf != "":
		return w.arrived(ctx, tx, post, o.Answer.DuplicateOf, SettledByDuplicate, now)
	case doubts.Open > 0:
		return nil
	case doubts.There > 0:
		return w.arrived(ctx, tx, post, cmp.Or(post.LinkedInURN, o.Answer.DuplicateOf), how, now)
	case post.State != posts.StateUnconfirmed:
		return nil
	}
	return w.notThere(ctx, tx, post, o.LateFailure(), how, now)
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
	case posts.StatePublishing: // the answer of the attempt under way ends it: see decision.Outcome.After
		_, err := s.queries.PostKeepURN(ctx, tx, db.PostKeepURNParams{ID: post.ID, OwnerID: post.OwnerID, LinkedInURN: urn, Now: now})
		return err
	}
	return nil
}

// notThere writes down that a post that was in doubt is not on LinkedIn.
func (s *Service) notThere(ctx context.Context, tx *postgres.Tx, post posts.Post, f decision.Failure, how string, now time.Time) error {
	if err := s.settleDoubts(ctx, tx, post, posts.StateFailed, how, now); err != nil {
		return err
	}
	return s.settlePost(ctx, tx, db.PostSettleParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, State: posts.StateFailed,
		FailureCode: f.Code, FailureMessage: f.Message, FailureRemedy: f.Remedy,
	})
}

// settlePost brings a post that is not on its way to its end and lets follow what follows.
func (s *Service) settlePost(ctx context.Context, tx *postgres.Tx, settled db.PostSettleParams) error {
	post, err := posts.FromRow(s.queries.PostSettle(ctx, tx, settled))
	if err != nil {
		return err
	}
	return s.jobs.Insert(ctx, tx, s.follow(post, "")...)
}
