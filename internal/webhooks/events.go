package webhooks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/sunset"
)

// The types of events. Those of posts but for the last are written down by triggers (sql/migrations/00061_webhook_post_events.sql).
const (
	PostCreated     = "post.created"
	PostUpdated     = "post.updated"
	PostDeleted     = "post.deleted"
	PostScheduled   = "post.scheduled"
	PostPublished   = "post.published"
	PostFailed      = "post.failed"
	PostUnconfirmed = "post.unconfirmed"
	PostWaiting     = "post.waiting" // one that is scheduled may not go out

	AccountPaused        = "account.paused"
	AccountTokenExpiring = "account.token_expiring"
	VersionEnding        = "linkedin.version_ending"
)

// EventTypes are all of them.
func EventTypes() []string {
	return []string{
		PostCreated, PostUpdated, PostDeleted, PostScheduled, PostPublished, PostFailed, PostUnconfirmed, PostWaiting, AccountPaused,
		AccountTokenExpiring, VersionEnding,
	}
}

// RecordEventArgs is the job that writes an event down, for an owner with an endpoint that wants it.
type RecordEventArgs struct {
	EventID    uuid.UUID       `json:"event_id"` // so that a second run writes nothing
	OwnerID    uuid.UUID       `json:"owner_id"`
	Type       string          `json:"type"`
	Data       json.RawMessage `json:"data"`
	OccurredAt time.Time       `json:"occurred_at"`
}

// Kind names the job in River's tables; it must never change.
func (RecordEventArgs) Kind() string { return "webhook_record_event" }

// InsertOpts keeps the job from being given up for want of the database.
func (RecordEventArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

type recordEventWorker struct {
	river.WorkerDefaults[RecordEventArgs]
	service *Service
}

// Work writes the event down.
func (w *recordEventWorker) Work(ctx context.Context, job *river.Job[RecordEventArgs]) error {
	_, err := w.service.queries.WebhookRecordEvent(ctx, w.service.store, db.WebhookRecordEventParams{
		ID: job.Args.EventID, OwnerID: job.Args.OwnerID, Type: job.Args.Type, Data: job.Args.Data, OccurredAt: job.Args.OccurredAt,
	})
	return err
}

// Register adds the package's worker to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	river.AddWorker(client.Workers(), &recordEventWorker{service: s})
}

// AfterPublication names the job that follows a warning of what endangers a post that is scheduled. How a publication ends is in the
// post, and needs none.
func AfterPublication(post posts.Post, warning string, now time.Time) []river.JobArgs {
	if post.State != posts.StateScheduled || warning == "" {
		return nil
	}
	type waiting struct {
		ID            uuid.UUID  `json:"id"`
		AccountID     *uuid.UUID `json:"accountId,omitempty"`
		State         string     `json:"state"`
		Etag          string     `json:"etag"`
		ScheduledTime *time.Time `json:"scheduledTime,omitempty"`
	}
	return event(post.OwnerID, PostWaiting, now, struct {
		Post    waiting `json:"post"`
		Warning string  `json:"warning"`
	}{waiting{post.ID, post.AccountID, "POST_STATE_SCHEDULED", post.Etag(), post.ScheduledAt}, warning})
}

// AfterAccount names the job that follows an account's event, if a program may want to know.
func AfterAccount(what accounts.Event, account accounts.Account, now time.Time) []river.JobArgs {
	types := map[accounts.Event]string{accounts.Paused: AccountPaused, accounts.Expiring: AccountTokenExpiring}
	if types[what] == "" {
		return nil
	}
	type about struct {
		ID          uuid.UUID `json:"id"`
		URN         string    `json:"urn"`
		DisplayName string    `json:"displayName"`
	}
	return event(account.OwnerID, types[what], now, struct {
		Account about `json:"account"`
	}{about{account.ID, account.URN, account.DisplayName}})
}

// BeforeSunset names the job that tells a user's programs how the LinkedIn version ends.
func BeforeSunset(owner uuid.UUID, e sunset.Ending, now time.Time) []river.JobArgs {
	return event(owner, VersionEnding, now, struct {
		Version string `json:"linkedinVersion"`
		Ends    string `json:"endDate"`
		Exact   bool   `json:"endDateKnown"`
		Dead    bool   `json:"ended"`
	}{e.Version, e.Ends.Format(time.DateOnly), e.Exact, e.Dead})
}

func event(owner uuid.UUID, kind string, now time.Time, data any) []river.JobArgs {
	text, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("webhooks: an event's data can't be written: %v", err)) // they are structs of this file
	}
	return []river.JobArgs{RecordEventArgs{EventID: uuid.New(), OwnerID: owner, Type: kind, Data: text, OccurredAt: now}}
}
