package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// Figures are what an operator sees of the publications of all owners: counts, and nothing of what was written.
type Figures struct {
	// ByState has every state that a publication can be in.
	ByState map[string]int64
	// Overdue is how late the oldest publication, or scheduled post, is that should have gone out by now; 0 when none is. A
	// wait that LinkedIn or an account's pause imposed makes nothing late.
	Overdue time.Duration
	// CreatesToday is how many creates were sent to LinkedIn since 00:00 UTC, when its quotas begin anew, by account. It has
	// the accounts with most.
	CreatesToday map[uuid.UUID]int64
}

// mostAccounts bounds how many accounts the figures name.
const mostAccounts = 1000

// Figures counts.
func (s *Service) Figures(ctx context.Context) (Figures, error) {
	now := s.now()
	f := Figures{CreatesToday: map[uuid.UUID]int64{}, ByState: map[string]int64{
		posts.StateQueued: 0, posts.StatePublishing: 0, posts.StatePublished: 0, posts.StateFailed: 0, posts.StateUnconfirmed: 0,
	}}
	counts, err := s.queries.PublicationCountByState(ctx, s.store)
	if err != nil {
		return Figures{}, err
	}
	for _, c := range counts {
		f.ByState[c.State] = c.Count
	}
	for _, oldest := range []func(context.Context, db.DBTX) (time.Time, error){s.queries.PublicationOldestDue, s.queries.PostOldestScheduled} {
		due, err := oldest(ctx, s.store)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return Figures{}, err
		}
		if err == nil {
			f.Overdue = max(f.Overdue, now.Sub(due))
		}
	}
	sent, err := s.queries.AttemptCountByAccount(ctx, s.store, db.AttemptCountByAccountParams{
		Since: now.UTC().Truncate(24 * time.Hour), Most: mostAccounts,
	})
	if err != nil {
		return Figures{}, err
	}
	for _, c := range sent {
		f.CreatesToday[c.AccountID] = c.Count
	}
	return f, nil
}
