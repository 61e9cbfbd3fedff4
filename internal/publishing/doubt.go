package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// doubts are about a post's attempts whose answer was lost.
func (s *Service) doubts(ctx context.Context, tx *postgres.Tx, post posts.Post) (db.AttemptDoubtsRow, error) {
	return s.queries.AttemptDoubts(ctx, tx, db.AttemptDoubtsParams{
		PostID: post.ID, OwnerID: post.OwnerID, SettledThere: decision.SettledThere,
	})
}

// settleDoubts writes down how every doubt about a post was settled.
func (s *Service) settleDoubts(ctx context.Context, tx *postgres.Tx, post posts.Post, state string, by decision.Settlement, now time.Time) error {
	if _, err := s.queries.AttemptSettleByPost(ctx, tx, db.AttemptSettleByPostParams{
		PostID: post.ID, OwnerID: post.OwnerID, SettledAt: now, Settlement: string(by),
	}); err != nil {
		return err
	}
	_, err := s.queries.PublicationSettleByPost(ctx, tx, db.PublicationSettleByPostParams{PostID: post.ID, OwnerID: post.OwnerID, State: state})
	return err
}

// earlier is what is known of a post's attempts before, or beside, one.
func earlier(post posts.Post, doubts db.AttemptDoubtsRow) decision.Earlier {
	return decision.Earlier{InDoubt: doubts.Open > 0, Arrived: doubts.There > 0, URN: post.LinkedInURN}
}

// settleLate takes the answer of an attempt that another process had given up for lost, because this one was silent for
// too long. It settles the doubt, unless a person was faster; one more send that was approved meanwhile and has not begun
// is withdrawn when the post turns out to be there. What it says of the account counts whoever was faster.
func (w *publicationWorker) settleLate(ctx context.Context, tx *postgres.Tx, rows locked, attempt uuid.UUID, o decision.Outcome) error {
	by, settles := o.Answer.LateSettlement()
	if !settles {
		return nil
	}
	if err := w.affect(ctx, tx, rows.account, o); err != nil {
		return err
	}
	post, now := rows.post, w.now()
	settled, err := w.queries.AttemptSettleLate(ctx, tx, db.AttemptSettleLateParams{
		ID: attempt, OwnerID: post.OwnerID, SettledAt: now, Settlement: string(by), Status: int32(o.Answer.Status), //nolint:gosec // an HTTP status
		Code: o.Answer.Code, Message: o.Answer.Message, RequestID: o.Answer.TraceID,
	})
	if err != nil || settled == 0 {
		return err
	}
	doubts, err := w.doubts(ctx, tx, post)
	if err != nil {
		return err
	}
	if o, err = w.unlessTwin(ctx, tx, rows, o, doubts.OpenSince); err != nil {
		return err
	}
	return w.resolve(ctx, tx, post, o.Late(post.State, earlier(post, doubts)), now)
}

// resolve carries out what becomes of a doubt about a post.
func (s *Service) resolve(ctx context.Context, tx *postgres.Tx, post posts.Post, r decision.Resolution, now time.Time) error {
	switch r.Finding {
	case decision.There:
		return s.arrived(ctx, tx, post, r, now)
	case decision.Absent:
		if err := s.settleDoubts(ctx, tx, post, r.State(), r.By, now); err != nil {
			return err
		}
		return s.settlePost(ctx, tx, settleParams(post, r, now))
	case decision.Resembled:
		_, err := s.queries.PostTellDoubt(ctx, tx, db.PostTellDoubtParams{
			ID: post.ID, OwnerID: post.OwnerID, Now: now, FailureMessage: r.Failure.Message, FailureRemedy: r.Failure.Remedy,
		})
		return err
	case decision.Nothing:
	}
	return nil
}

// arrived writes down that a post that was in doubt is on LinkedIn, whatever state it is in by now.
func (s *Service) arrived(ctx context.Context, tx *postgres.Tx, post posts.Post, r decision.Resolution, now time.Time) error {
	if err := s.settleDoubts(ctx, tx, post, r.State(), r.By, now); err != nil {
		return err
	}
	switch decision.ArrivalOf(post.State) {
	case decision.ArrivesAtRest:
		return s.settlePost(ctx, tx, settleParams(post, r, now))
	case decision.ArrivesQueued:
		if _, err := s.queries.PublicationWithdraw(ctx, tx, db.PublicationWithdrawParams{
			PostID: post.ID, OwnerID: post.OwnerID, EndedAt: now,
		}); err != nil {
			return err
		}
		published, err := posts.FromRow(s.queries.PostMarkPublished(ctx, tx, db.PostMarkPublishedParams{
			ID: post.ID, OwnerID: post.OwnerID, LinkedInURN: r.URN, Now: now,
		}))
		if err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, s.follow(published, "")...)
	case decision.ArrivesMidSend:
		_, err := s.queries.PostSetURN(ctx, tx, db.PostSetURNParams{ID: post.ID, OwnerID: post.OwnerID, LinkedInURN: r.URN, Now: now})
		return err
	case decision.ArrivedBefore:
	}
	return nil
}

// settleParams are how a resolution settles a post that is not on its way.
func settleParams(post posts.Post, r decision.Resolution, now time.Time) db.PostSettleParams {
	settled := db.PostSettleParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, State: r.State(), LinkedInURN: r.URN,
		FailureCode: r.Failure.Code, FailureMessage: r.Failure.Message, FailureRemedy: r.Failure.Remedy,
	}
	if r.Finding == decision.There {
		settled.PublishedAt = &now
	}
	return settled
}

// settlePost brings a post that is not on its way to its end and lets follow what follows.
func (s *Service) settlePost(ctx context.Context, tx *postgres.Tx, settled db.PostSettleParams) error {
	post, err := posts.FromRow(s.queries.PostSettle(ctx, tx, settled))
	if err != nil {
		return err
	}
	return s.jobs.Insert(ctx, tx, s.follow(post, "")...)
}
