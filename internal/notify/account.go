package notify

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
)

// AccountNoticeArgs is the job that tells an account's owner through one channel that it needs them.
type AccountNoticeArgs struct {
	OwnerID   uuid.UUID `json:"owner_id"`
	AccountID uuid.UUID `json:"account_id"`
	Channel   string    `json:"channel"`
}

// Kind names the job in River's tables; it must never change.
func (AccountNoticeArgs) Kind() string { return "notify_account" }

// InsertOpts keeps the job from being given up: what it has to tell would be lost without a trace.
func (AccountNoticeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

type accountWorker struct {
	river.WorkerDefaults[AccountNoticeArgs]
	service *Service
}

// Work tells the owner how the account stands now. One that is well again, or gone, is no reason to tell anybody anything.
func (w *accountWorker) Work(ctx context.Context, job *river.Job[AccountNoticeArgs]) error {
	s, args := w.service, job.Args
	account, err := s.sources.Accounts.Get(ctx, args.OwnerID, &args.AccountID)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Precondition) { // disconnected
		return nil
	}
	if err != nil {
		return err
	}
	now := s.now()
	standing := s.sources.Accounts.Standing(account, now)
	var beyond int64
	if standing.Ends != nil {
		if beyond, err = s.sources.Posts.CountScheduledFrom(ctx, account.OwnerID, account.ID, account.IsDefault, *standing.Ends); err != nil {
			return err
		}
	}
	about, due := describeAccount(account.DisplayName, standing, beyond, now)
	if !due {
		return nil
	}
	return s.tell(ctx, job.ID, notice{ownerID: args.OwnerID, channel: args.Channel, event: TokenExpiring, words: about})
}

// describeAccount says what an account needs of its owner; due is false when it needs nothing. beyond is how many posts are
// scheduled for after the token's end.
func describeAccount(name string, standing accounts.Standing, beyond int64, now time.Time) (w words, due bool) {
	w = words{Account: name, Refused: standing.Paused, Assumed: standing.EndsAssumed, Scheduled: beyond}
	if standing.Paused != "" {
		return w, true
	}
	if standing.Ends == nil || standing.RenewedUntil != nil {
		return w, false
	}
	w.Until, w.Days = standing.Ends.UTC().Format(time.RFC3339), int(standing.Ends.Sub(now)/(24*time.Hour))+1
	return w, true
}
