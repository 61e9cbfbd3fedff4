package publishing

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// A database may go back while LinkedIn is asked: a replica that lagged takes over, or a backup is restored. What LinkedIn then
// answers is known to the process that asked, and to nobody else.

// keepAttempt writes down an attempt that the database lost, with what came of it, and returns the doubts about the post from then on.
func (w *publicationWorker) keepAttempt(
	ctx context.Context, tx *postgres.Tx, post posts.Post, publicationID uuid.UUID, attempt Attempt, a decision.Answer,
) (db.AttemptDoubtsRow, error) {
	if _, err := w.queries.AttemptInsert(ctx, tx, db.AttemptInsertParams{
		ID: attempt.ID, PublicationID: publicationID, OwnerID: post.OwnerID, StartedAt: attempt.StartedAt,
	}); err != nil {
		return db.AttemptDoubtsRow{}, err
	}
	_, doubts, err := w.writeAttempt(ctx, tx, post, attempt.ID, a)
	return doubts, err
}

// keepLost keeps what came of a lost attempt whose publication went on without it: another attempt is being made, or has been, or
// the publication is lost as well. publicationID is for a publication of its own. The account is the zero one where it is lost too. Only
// an answer that surely left nothing behind is about the account: then it holds, or pauses, and the rest is as it was.
func (w *publicationWorker) keepLost(
	ctx context.Context, tx *postgres.Tx, rows locked, publicationID uuid.UUID, attempt Attempt, o decision.Outcome,
) error {
	if err := w.affect(ctx, tx, rows.account, o); err != nil {
		return err
	}
	post, now := rows.post, w.now()
	lost := o.Lost(post.State, rows.account.ID != uuid.Nil)
	if lost.Doubt != nil {
		if _, err := w.queries.PublicationInsertEnded(ctx, tx, db.PublicationInsertEndedParams{
			ID: publicationID, PostID: post.ID, OwnerID: post.OwnerID, AccountID: rows.account.ID, State: posts.StateUnconfirmed,
			CreatedAt: attempt.StartedAt, EndedAt: now,
		}); err != nil {
			return err
		}
		if _, err := w.keepAttempt(ctx, tx, post, publicationID, attempt, *lost.Doubt); err != nil {
			return err
		}
	}
	if lost.SentWith {
		if _, err := w.queries.PostSetAccount(ctx, tx, db.PostSetAccountParams{
			ID: post.ID, OwnerID: post.OwnerID, AccountID: rows.account.ID,
		}); err != nil {
			return err
		}
	}
	switch lost.Post {
	case decision.LostArrived:
		return w.arrived(ctx, tx, post, lost.Resolution, now)
	case decision.LostInDoubt:
		if err := w.settlePost(ctx, tx, db.PostSettleParams{
			ID: post.ID, OwnerID: post.OwnerID, Now: now, State: posts.StateUnconfirmed,
			FailureCode: lost.Failure.Code, FailureMessage: lost.Failure.Message, FailureRemedy: lost.Failure.Remedy,
		}); err != nil {
			return err
		}
		return w.readBackSoon(ctx, tx, rows, now)
	case decision.LostLeaves:
	}
	return nil
}
