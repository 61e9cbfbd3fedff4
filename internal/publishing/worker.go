package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/postgres"
)

// Args is the job that carries out one publication. It names rows and holds no text: the worker reads what it sends
// under lock when it runs.
type Args struct {
	OwnerID       uuid.UUID `json:"owner_id"`
	PostID        uuid.UUID `json:"post_id"`
	PublicationID uuid.UUID `json:"publication_id"`
}

// Kind names the job in River's tables; it must never change.
func (Args) Kind() string { return "publish_post" }

// Worker carries out publications.
type Worker struct {
	river.WorkerDefaults[Args]
	service *Service
}

// Worker returns the worker to register with River.
func (s *Service) Worker() *Worker { return &Worker{service: s} }

// settleTimeout bounds the writing of an outcome, which goes on after the job's context has ended: what LinkedIn
// answered must not be lost to a shutdown.
const settleTimeout = 20 * time.Second

// Work claims the publication, sends it once, and writes the outcome. An error is the database's: River runs the job
// again, and an attempt that was under way is then settled as in doubt.
func (w *Worker) Work(ctx context.Context, job *river.Job[Args]) error {
	post, attempt, err := w.service.claim(ctx, job)
	if err != nil || attempt == nil {
		return err
	}
	result := w.service.send(ctx, post)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return w.service.store.InTx(ctx, func(tx *postgres.Tx) error {
		return w.service.settle(ctx, tx, job, attempt.ID, result)
	})
}
