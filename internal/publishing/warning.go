package publishing

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// warnings say what may keep a post from going out at a time, though nothing does today.
func (s *Service) warnings(account accounts.Account, at time.Time) []string {
	return s.rules.Warnings(account.DisplayName, s.accounts.Standing(account, s.now()), at)
}

// ScheduleWarningArgs is the job that warns the owner of a scheduled post again, if what endangered it still does.
type ScheduleWarningArgs struct {
	OwnerID     uuid.UUID `json:"owner_id"`
	PostID      uuid.UUID `json:"post_id"`
	ScheduledAt time.Time `json:"scheduled_at"`
}

// Kind names the job in River's tables; it must never change.
func (ScheduleWarningArgs) Kind() string { return "publish_schedule_warning" }

type scheduleWarningWorker struct {
	river.WorkerDefaults[ScheduleWarningArgs]
	*Service
}

// Work looks at the post's present schedule and account; one that was moved or cancelled has a job of its own, or none.
func (w *scheduleWarningWorker) Work(ctx context.Context, job *river.Job[ScheduleWarningArgs]) error {
	s, args := w.Service, job.Args
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		post, err := s.posts.Find(ctx, tx, args.OwnerID, args.PostID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if post.State != posts.StateScheduled || !post.ScheduledAt.Equal(args.ScheduledAt) {
			return nil
		}
		account, err := s.accounts.Find(ctx, tx, args.OwnerID, post.AccountID)
		if err != nil && !fault.Is(err, fault.Precondition) {
			return err
		}
		warnings := s.warnings(account, args.ScheduledAt)
		if err != nil {
			warnings = []string{fault.Of(err).Message}
		}
		if len(warnings) == 0 {
			return nil
		}
		return s.jobs.Insert(ctx, tx, s.follow(post, strings.Join(warnings, " "))...)
	})
}
