package publishing

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
)

// rest is how a job goes on when nothing is to be sent now: it sleeps until a time, or, the zero rest, it is over.
type rest struct{ until time.Time }

func (r rest) over() bool { return r.until.IsZero() }

// sleepSpread is added to every sleep at random: posts that were held together need not come back at the same moment.
const sleepSpread = 100 * time.Millisecond

// snooze tells River how the job goes on.
func (r rest) snooze(now time.Time) error {
	if r.over() {
		return nil
	}
	return river.JobSnooze(max(r.until.Sub(now)+rand.N(sleepSpread), 0))
}

// AccountChangedArgs is the job that wakes the publications of an account that wait for it, so that each checks what the
// account's new state means for it. It belongs to every connection, renewal and disconnection.
type AccountChangedArgs struct {
	OwnerID   uuid.UUID `json:"owner_id"`
	AccountID uuid.UUID `json:"account_id"`
}

// Kind names the job in River's tables; it must never change.
func (AccountChangedArgs) Kind() string { return "publish_account_changed" }

// InsertOpts keeps the job from being given up.
func (AccountChangedArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

// AfterAccount names the job that follows an account's event, if what waits for the account is to look again.
func AfterAccount(event accounts.Event, account accounts.Account) []river.JobArgs {
	switch event {
	case accounts.Connected, accounts.Renewed, accounts.Disconnected:
		return []river.JobArgs{AccountChangedArgs{OwnerID: account.OwnerID, AccountID: account.ID}}
	}
	return nil
}

type accountChangedWorker struct {
	river.WorkerDefaults[AccountChangedArgs]
	*Service
}

// Work wakes every publication of the account that waits. None of them is late: it was the account that kept them.
func (w *accountChangedWorker) Work(ctx context.Context, job *river.Job[AccountChangedArgs]) error {
	s, args := w.Service, job.Args
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		waiting, err := s.queries.PublicationListWaiting(ctx, tx, db.PublicationListWaitingParams{AccountID: args.AccountID, OwnerID: args.OwnerID})
		if err != nil {
			return err
		}
		ids := make([]int64, len(waiting))
		for i, publication := range waiting {
			if _, err := s.queries.PublicationDefer(ctx, tx, db.PublicationDeferParams{
				ID: publication.ID, OwnerID: args.OwnerID, DueAt: s.now(),
			}); err != nil {
				return err
			}
			ids[i] = publication.JobID
		}
		return s.jobs.Wake(ctx, tx, ids...)
	})
}
