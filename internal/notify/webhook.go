package notify

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/jobs"
)

// WebhookNoticeArgs is the job that tells a user through one channel that an endpoint of theirs was switched off.
type WebhookNoticeArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	Channel string    `json:"channel"`
	Origin  string    `json:"origin"` // its scheme and host: what comes after those is often as good as a password
	Gone    bool      `json:"gone"`   // it answered that it is, or else it failed for long
}

// Kind names the job in River's tables; it must never change.
func (WebhookNoticeArgs) Kind() string { return "notify_webhook" }

// InsertOpts keeps the job from being given up: what it has to tell would be lost without a trace.
func (WebhookNoticeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

// AfterWebhookOff names the jobs that tell a user that an endpoint of theirs was switched off.
func AfterWebhookOff(owner uuid.UUID, origin string, gone bool) []river.JobArgs {
	return perChannel(func(channel string) river.JobArgs {
		return WebhookNoticeArgs{OwnerID: owner, Channel: channel, Origin: origin, Gone: gone}
	})
}

type webhookWorker struct {
	river.WorkerDefaults[WebhookNoticeArgs]
	service *Service
}

// Work tells the user.
func (w *webhookWorker) Work(ctx context.Context, job *river.Job[WebhookNoticeArgs]) error {
	why := "nothing has reached it for three days"
	if job.Args.Gone {
		why = "it answered that it is gone (410)"
	}
	return w.service.tell(ctx, job.ID, notice{
		ownerID: job.Args.OwnerID, channel: job.Args.Channel, event: WebhookOff, words: words{Link: job.Args.Origin, Problem: why},
	})
}
