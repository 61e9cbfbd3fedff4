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
// the publication is lost as well. One that may have arrived becomes a doubt about the post, and a settled one if LinkedIn
// accepted it: so whatever the other attempts come to, the post is not called failed. It gets a publication of its own, with this
// id, since each has one attempt at most that may have arrived; where the account is lost too, the zero Account, the post alone
// tells. One that surely did not changes nothing but the account's state.
func (w *publicationWorker) keepLost(
	ctx context.Context, tx *postgres.Tx, rows locked, publicationID uuid.UUID, attempt Attempt, o decision.Outcome,
) error {
	if !o.Answer.MayHaveArrived() {
		return w.affect(ctx, tx, rows.account, o)
	}
	now := w.now()
	if rows.account.ID != uuid.Nil {
		if _, err := w.queries.PublicationInsertEnded(ctx, tx, db.PublicationInsertEndedParams{
			ID: publicationID, PostID: rows.post.ID, OwnerID: rows.post.OwnerID, AccountID: rows.account.ID, State: posts.StateUnconfirmed,
			CreatedAt: attempt.StartedAt, EndedAt: now,
		}); err != nil {
			return err
		}
		doubt := o.Answer
		doubt.Result = decision.InDoubt
		if _, err := w.keepAttempt(ctx, tx, rows.post, publicationID, attempt, doubt); err != nil {
			return err
		}
		if o.Answer.SentWith(rows.post.State) {
			if _, err := w.queries.PostKeepAccount(ctx, tx, db.PostKeepAccountParams{
				ID: rows.post.ID, OwnerID: rows.post.OwnerID, AccountID: rows.account.ID,
			}); err != nil {
				return err
			}
		}
	}
	if o.Answer.Result == decision.Accepted {
		return w.arrived(ctx, tx, rows.post, decision.Resolution{Finding: decision.There, URN: o.URN, By: decision.SettledLateAccepted}, now)
	}
	if decision.Idle(rows.post.State) {
		if err := w.settlePost(ctx, tx, db.PostSettleParams{
			ID: rows.post.ID, OwnerID: rows.post.OwnerID, Now: now, State: posts.StateUnconfirmed,
			FailureCode: o.Failure.Code, FailureMessage: o.Failure.Message, FailureRemedy: o.Failure.Remedy,
		}); err != nil {
			return err
		}
		return w.readBackSoon(ctx, tx, rows, now)
	}
	return nil
}
