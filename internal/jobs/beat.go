package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

const (
	// beatEvery is how often a process says that it works jobs while it does.
	beatEvery = 2 * time.Second
	// beatIdle is how often it says so while there are none.
	beatIdle = 10 * time.Second
	// beatMissed is after how long without a word what it runs counts no more in the turns: what a process that was killed ran
	// would keep its owner waiting. To be wrong about one that lives, as about one that has just begun to work again, costs no more
	// than a few turns.
	beatMissed = 3 * beatEvery
	// beatLost is after how long without a word it is taken for gone.
	beatLost = 30 * time.Second
	// beatTimeout bounds one word.
	beatTimeout = 5 * time.Second
)

// heart says every few seconds that this process works jobs, for as long as it does.
type heart struct {
	id      uuid.UUID
	store   *postgres.Store
	queries *db.Queries
	now     func() time.Time
	log     *slog.Logger

	stop    context.CancelFunc
	ended   sync.WaitGroup
	running atomic.Int64 // how many jobs this process runs

	mu     sync.Mutex
	last   time.Time // when this process last succeeded in saying so
	failed bool      // it has not since
}

// start beats until end, or until stopped is closed, because no jobs are worked any more.
func (h *heart) start(ctx context.Context, stopped <-chan struct{}) {
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	h.last = h.now() // the first one has as long as the others
	h.beat(ctx)
	// What is forgotten here was left by processes that did not end in order; each of them had a start.
	if _, err := h.queries.WorkerDeleteStale(ctx, h.store); err != nil {
		h.log.WarnContext(ctx, "processes that are gone could not be forgotten", "error", err)
	}
	h.ended.Go(func() {
		ticker := time.NewTicker(beatEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-stopped:
				return
			case <-ticker.C:
				if h.running.Load() > 0 || h.silent() > beatIdle-beatEvery {
					h.beat(ctx)
				}
			}
		}
	})
}

// beat says it once. A database that goes away, and comes back, is told once, and by Ready in time.
func (h *heart) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	err := h.queries.WorkerBeat(ctx, h.store, h.id)
	h.mu.Lock()
	before, silent := h.failed, h.now().Sub(h.last)
	h.failed = err != nil
	if err == nil {
		h.last = h.now()
	}
	h.mu.Unlock()
	switch {
	case err != nil && !before:
		h.log.WarnContext(ctx, "the workers' heartbeat failed: no jobs are worked while the database does not answer", "error", err)
	case err == nil && before:
		h.log.InfoContext(ctx, "the workers are heard of again", "silent", silent.Round(time.Second))
	}
}

// end stops the beats, waits for the one under way, and takes this process off the list.
func (h *heart) end(ctx context.Context) {
	h.stop()
	h.ended.Wait()
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	if err := h.queries.WorkerDelete(ctx, h.store, h.id); err != nil {
		h.log.WarnContext(ctx, "this process could not be taken off the list of workers: it is forgotten by itself", "error", err)
	}
}

// silent is for how long this process has not said so.
func (h *heart) silent() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now().Sub(h.last)
}

func (h *heart) ready() error {
	if silent := h.silent(); silent > beatLost {
		return fault.Newf(
			fault.Unavailable,
			"The workers have not been heard of for %s: see the log, and start the process again when the database answers.",
			silent.Round(time.Second),
		)
	}
	return nil
}

// Alive counts the processes that work jobs, of all that share the database.
func (c *Client) Alive(ctx context.Context) (int, error) {
	n, err := c.heart.queries.WorkerCountAlive(ctx, c.heart.store, beatLost.Seconds())
	if err != nil {
		return 0, fmt.Errorf("count the workers: %w", err)
	}
	return int(n), nil
}
