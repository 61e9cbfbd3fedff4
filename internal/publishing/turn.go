package publishing

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// So many publications of an account are sent at once, and the others stand in line: they sleep until whoever ends, or finds that
// it has to wait for something else, gives its turn to the first of them in the same transaction. All of that happens under the
// account's lock. What comes by itself while a turn is free takes it; the one that it was given to stands in line again then.

// turnLapse is after how long a turn that was given and not taken up is free again: its job fails, or is gone.
const turnLapse = time.Minute

// awaitTurn puts a publication into its account's line: as many as may be are being sent.
func (w *publicationWorker) awaitTurn(ctx context.Context, tx *postgres.Tx, p publication, now time.Time) (rest, error) {
	until := now.Add(w.rules.TurnWait(rand.Float64()))
	_, err := w.queries.PublicationAwaitTurn(ctx, tx, db.PublicationAwaitTurnParams{ID: p.ID, OwnerID: p.OwnerID, DueAt: until})
	return rest{until}, err
}

// giveTurn wakes the next in an account's line if a turn is free: call it, or nextInLine, for every turn that becomes so.
func (w *publicationWorker) giveTurn(ctx context.Context, tx *postgres.Tx, account accounts.Account) error {
	given, err := w.nextInLine(ctx, tx, account)
	if err != nil {
		return err
	}
	return w.jobs.Wake(ctx, tx, given...)
}

// nextInLine gives a turn, if one is free, to the next in an account's line, and returns its job to be woken.
func (w *publicationWorker) nextInLine(ctx context.Context, tx *postgres.Tx, account accounts.Account) ([]int64, error) {
	now := w.now()
	return w.queries.PublicationGiveTurn(ctx, tx, db.PublicationGiveTurnParams{
		AccountID: account.ID, OwnerID: account.OwnerID, AllTurns: int64(w.rules.AccountConcurrency), Now: now, Lapsed: now.Add(-turnLapse),
	})
}

// giveTurnOfDeleted passes on the turn that may have been given to a post that is gone; the account may be as well.
func (w *publicationWorker) giveTurnOfDeleted(ctx context.Context, tx *postgres.Tx, args PublicationArgs) error {
	account, err := w.accounts.GetForUpdate(ctx, tx, args.OwnerID, args.AccountID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.giveTurn(ctx, tx, account)
}
