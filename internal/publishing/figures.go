package publishing

import (
	"context"
	"time"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/telemetry"
)

// mostAccounts bounds how many accounts the figures name.
const mostAccounts = 1000

// Gauges are what an operator sees of the publications of all owners: counts, and nothing of what was written.
func (s *Service) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{
		{
			Name: "postwright_publications", Help: "Approvals to publish a post that are not carried out, or whose end is in doubt, by state.",
			Label: "state", Read: s.byState,
		},
		{
			Name: "postwright_publication_overdue_seconds", Read: s.overdue,
			Help: "How late the oldest publication is that should have gone out by now; 0 when none is.",
		},
		{
			Name: "postwright_linkedin_creates_today", Help: "Creates sent to LinkedIn since 00:00 UTC, by account.",
			Label: "account", Read: s.createsToday,
		},
	}
}

// byState has every state that a publication leaves again.
func (s *Service) byState(ctx context.Context) (map[string]float64, error) {
	states := map[string]float64{
		posts.StateQueued: 0, posts.StatePublishing: 0, posts.StateUnconfirmed: 0,
	}
	counts, err := s.queries.PublicationCountByState(ctx, s.store)
	for _, c := range counts {
		states[c.State] = float64(c.Count)
	}
	return states, err
}

// overdue looks at publications and scheduled posts. A wait that LinkedIn or an account's pause imposed makes nothing late.
func (s *Service) overdue(ctx context.Context) (map[string]float64, error) {
	var late time.Duration
	for _, oldest := range []func(context.Context, db.DBTX) (time.Time, error){s.queries.PublicationOldestDue, s.queries.PostOldestScheduled} {
		due, err := oldest(ctx, s.store)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if err == nil {
			late = max(late, s.now().Sub(due))
		}
	}
	return telemetry.Single(late.Seconds()), nil
}

// createsToday counts from 00:00 UTC, when LinkedIn's quotas begin anew. It has the accounts with most.
func (s *Service) createsToday(ctx context.Context) (map[string]float64, error) {
	sent, err := s.queries.AttemptCountByAccount(ctx, s.store, db.AttemptCountByAccountParams{
		Since: s.now().UTC().Truncate(24 * time.Hour), Most: mostAccounts,
	})
	creates := make(map[string]float64, len(sent))
	for _, c := range sent {
		creates[c.AccountID.String()] = float64(c.Count)
	}
	return creates, err
}
