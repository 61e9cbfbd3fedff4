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
	"github.com/postwright/postwright/internal/posts"
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
	if fault.Is(err, fault.NotFound) { // the database lost the approval, and the attempt with it
		return rest{}, w.recordLost(ctx, tx, job.Args, c, o)
	}
	if err != nil {
		return rest{}, err
	}
	return w.endAttempt(ctx, tx, job, rows, c.attempt, w.forAccount(o, rows.account, c.account))
}

// recordLost is record where the publication is gone, and with it perhaps the post or the account.
func (w *publicationWorker) recordLost(ctx context.Context, tx *postgres.Tx, args PublicationArgs, c *claimed, o decision.Outcome) error {
	var rows locked
	var err error
	rows.post, err = w.posts.GetForUpdate(ctx, tx, args.OwnerID, args.PostID)
	if fault.Is(err, fault.NotFound) {
		return o.LostPost(args.PostID, err)
	}
	if err != nil {
		return err
	}
	rows.account, err = w.accounts.GetForUpdate(ctx, tx, args.OwnerID, c.account.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return w.keepLost(ctx, tx, rows, args.PublicationID, c.attempt, w.forAccount(o, rows.account, c.account))
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
	row, doubts, err := w.endRow(ctx, tx, rows.post, attempt.ID, o.Answer)
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
		doubts, err = w.keepAttempt(ctx, tx, rows.post, rows.publication.ID, attempt, o.Answer)
	case decision.Settles:
		if !o.Answer.Sent() { // else an hour without a network would use up a day's requests
			err = w.accounts.UncountRequest(ctx, tx, rows.account, attempt.StartedAt)
		}
	}
	if err != nil {
		return rest{}, err
	}
	return w.settle(ctx, tx, job, rows, doubts, o)
}

// endRow ends the row of an attempt, and says how it was found, and the doubts about the post from then on.
func (w *publicationWorker) endRow(
	ctx context.Context, tx *postgres.Tx, post posts.Post, attempt uuid.UUID, a decision.Answer,
) (decision.AttemptRow, db.AttemptDoubtsRow, error) {
	ended, doubts, err := w.writeAttempt(ctx, tx, post, attempt, a)
	if err != nil || ended > 0 {
		return decision.RowOpen, doubts, err
	}
	there, err := w.queries.AttemptCount(ctx, tx, db.AttemptCountParams{ID: attempt, OwnerID: post.OwnerID})
	if there > 0 {
		return decision.RowEnded, doubts, err
	}
	return decision.RowMissing, doubts, err
}

// writeAttempt ends the row of an attempt, unless it has ended; it returns how many it ended, and the doubts about the post from
// then on.
func (s *Service) writeAttempt(
	ctx context.Context, tx *postgres.Tx, post posts.Post, attempt uuid.UUID, a decision.Answer,
) (ended int64, doubts db.AttemptDoubtsRow, err error) {
	row, err := s.queries.AttemptEnd(ctx, tx, db.AttemptEndParams{
		ID: attempt, PostID: post.ID, OwnerID: post.OwnerID, EndedAt: s.now(), Outcome: a.Result,
		Status: int32(a.Status), //nolint:gosec // an HTTP status
		Code:   a.Code, Message: a.Message, RequestID: a.TraceID, SettledThere: decision.SettledThere,
	})
	return row.Ended, db.AttemptDoubtsRow{OpenSince: row.OpenSince, Open: row.Open, There: row.There}, err
}
