package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/sunset"
)

// VersionNoticeArgs is the job that tells a user through one channel that LinkedIn ends the version of its API that is used.
type VersionNoticeArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	Channel string    `json:"channel"`
	Version string    `json:"version"`
	Ends    string    `json:"ends"` // the day, YYYY-MM-DD
	Exact   bool      `json:"exact"`
	Dead    bool      `json:"dead"`
}

// Kind names the job in River's tables; it must never change.
func (VersionNoticeArgs) Kind() string { return "notify_version" }

// InsertOpts keeps the job from being given up: what it has to tell would be lost without a trace.
func (VersionNoticeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

type versionWorker struct {
	river.WorkerDefaults[VersionNoticeArgs]
	service *Service
}

// Work tells the user.
func (v *versionWorker) Work(ctx context.Context, job *river.Job[VersionNoticeArgs]) error {
	args := job.Args
	ends, err := time.Parse(time.DateOnly, args.Ends)
	if err != nil {
		return fmt.Errorf("read the day of the end: %w", err)
	}
	var w words
	w.Subject, w.Text = sunset.Ending{Version: args.Version, Ends: ends, Exact: args.Exact, Dead: args.Dead}.Notice()
	return v.service.tell(ctx, job.ID, notice{ownerID: args.OwnerID, channel: args.Channel, event: VersionEnding, words: w})
}
