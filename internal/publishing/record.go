package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/publishing/decision"
)

const (
	// recordTimeout bounds the writing of an outcome, which goes on after the job's context has ended: what LinkedIn
	// answered must not be lost to a shutdown.
	recordTimeout = 20 * time.Second
	// recordRetry is the wait before the outcome is written again when the database is away.
	recordRetry = 250 * time.Millisecond
)

// record writes down what a send came to, and all that depends on it. While the database is away it tries on: the answer is in no
// other place.
func (w *publicationWorker) record(
	ctx context.Context, job *river.Job[PublicationArgs], c *claimed, o decision.Outcome,
) (r rest, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	for {
		err := w.store.InTx(ctx, func(tx *postgres.Tx) (err error) {
			r, err = w.recordOnce(ctx, tx, job, c, o)
			return err
		})
		if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Deadline) && !fault.Is(err, fault.Busy) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, err
		case <-time.After(recordRetry):
		}
	}
}

// recordOnce is record in a transaction.
func (w *publicationWorker) recordOnce(
	ctx context.Context, tx *postgres.Tx, job *river.Job[PublicationArgs], c *claimed, o decision.Outcome,
) (rest, error) {
	rows, err := w.lock(ctx, tx, job.Args)
	switch {
	case fault.Is(err, fault.NotFound) && rows.post.ID == uuid.Nil:
		return rest{}, o.LostPost(job.Args.PostID, err)
	case fault.Is(err, fault.NotFound): // the database lost the approval, and the attempt with it
		rows.account, err = w.accounts.GetForUpdate(ctx, tx, job.Args.OwnerID, c.account.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return rest{}, err
		}
		return rest{}, w.keepLost(ctx, tx, rows, job.Args.PublicationID, c.attempt, w.forAccount(o, rows.account, c.account))
	case err != nil:
		return rest{}, err
	}
	return w.endAttempt(ctx, tx, job, rows, c.attempt, w.forAccount(o, rows.account, c.account))
}

// forAccount is what an outcome means for an account as it is now, and was then, when the attempt was made.
func (w *publicationWorker) forAccount(o decision.Outcome, account, then accounts.Account) decision.Outcome {
	now := w.now()
	return o.ForAccount(w.accounts.Standing(account, now), account.SameToken(then), now)
}

// endAttempt writes what an attempt came to, and settles the publication, or else the doubt about the attempt. Where the
// outcome had been written before and the publication waits, the publication is checked at once.
func (w *publicationWorker) endAttempt(
	ctx context.Context, tx *postgres.Tx, job *river.Job[PublicationArgs], rows locked, attempt Attempt, o decision.Outcome,
) (rest, error) {
	row, err := w.endRow(ctx, tx, rows.post.OwnerID, attempt.ID, o.Answer)
	if err != nil {
		return rest{}, err
	}
	switch row.Recording(rows.publication.State) {
	case decision.RecordedBefore:
		return rest{w.now()}, nil
	case decision.RecordedLate:
		return rest{}, w.settleLate(ctx, tx, rows, attempt.ID, o)
	case decision.RecordedApart:
		id, err := uuid.NewV7()
		if err != nil {
			return rest{}, err
		}
		return rest{}, w.keepLost(ctx, tx, rows, id, attempt, o)
	case decision.RestoresAttempt:
		err = w.keepAttempt(ctx, tx, rows.post.OwnerID, rows.publication.ID, attempt, o.Answer)
	case decision.Settles:
		if !o.Answer.Sent() { // else an hour without a network would use up a day's requests
			err = w.accounts.UncountRequest(ctx, tx, rows.account, attempt.StartedAt)
		}
	}
	if err != nil {
		return rest{}, err
	}
	return w.settle(ctx, tx, job, rows, o)
}

// endRow ends the row of an attempt, and says how it was found.
func (w *publicationWorker) endRow(
	ctx context.Context, tx *postgres.Tx, ownerID, attempt uuid.UUID, a decision.Answer,
) (decision.AttemptRow, error) {
	ended, err := w.writeAttempt(ctx, tx, ownerID, attempt, a)
	if err != nil || ended > 0 {
		return decision.RowOpen, err
	}
	there, err := w.queries.AttemptCount(ctx, tx, db.AttemptCountParams{ID: attempt, OwnerID: ownerID})
	if there > 0 {
		return decision.RowEnded, err
	}
	return decision.RowMissing, err
}

// writeAttempt ends the row of an attempt, unless it has ended; it returns how many it ended.
func (s *Service) writeAttempt(ctx context.Context, tx *postgres.Tx, ownerID, attempt uuid.UUID, a decision.Answer) (int64, error) {
	return s.queries.AttemptEnd(ctx, tx, db.AttemptEndParams{
		ID: attempt, OwnerID: ownerID, EndedAt: s.now(), Outcome: a.Result, Status: int32(a.Status), //nolint:gosec // an HTTP status
		Code: a.Code, Message: a.Message, RequestID: a.TraceID,
	})
}
