package analytics

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/fault"
)

// RefreshArgs is the job that asks LinkedIn for a post's numbers.
type RefreshArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`
}

// Kind names the job in River's tables; it must never change.
func (RefreshArgs) Kind() string { return "refresh_analytics" }

// InsertOpts bounds how often the job is tried: numbers can be had on request at any time.
func (RefreshArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 3} }

// Worker refreshes numbers.
type Worker struct {
	river.WorkerDefaults[RefreshArgs]
	service *Service
}

// Worker returns the worker to register with River.
func (s *Service) Worker() *Worker { return &Worker{service: s} }

// Work refreshes a post's numbers. What trying again can't cure ends the job.
func (w *Worker) Work(ctx context.Context, job *river.Job[RefreshArgs]) error {
	_, err := w.service.Refresh(ctx, job.Args.OwnerID, job.Args.PostID)
	for _, final := range []fault.Kind{fault.NotFound, fault.Precondition, fault.VendorAuth, fault.VendorRejected} {
		if fault.Is(err, final) {
			return river.JobCancel(err)
		}
	}
	return err
}
