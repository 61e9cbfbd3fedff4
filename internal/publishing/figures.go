package publishing

import (
	"context"
	"time"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/telemetry"
)

// mostAccounts bounds how many accounts the figures name.
const mostAccounts = 1000

// Gauges are what an operator sees of the publications of all owners: counts, and nothing of what was written.
func (s *Service) Gauges() []telemetry.Gauge {
	g := gauges{s.store, s.queries, s.now}
	return []telemetry.Gauge{
		{
			Name: "postwright_publications", Help: "Approvals to publish a post that are not carried out, or whose end is in doubt, by state.",
			Label: "state", Read: g.byState,
		},
		{
			Name: "postwright_publication_overdue_seconds", Read: g.overdue,
			Help: "How late the oldest publication is that should have gone out by now; 0 when none is.",
		},
		{
			Name: "postwright_linkedin_creates_today", Help: "Creates sent to LinkedIn since 00:00 UTC, by account.",
			Label: "account", Read: g.createsToday,
		},
	}
}

// gauges reads them.
type gauges struct {
	store   *postgres.Store
	queries *db.Queries
	now     func() time.Time
}

// byState has every state that a publication leaves again.
func (g gauges) byState(ctx context.Context) (map[string]float64, error) {
	states := map[string]float64{
		posts.StateQueued: 0, posts.StatePublishing: 0, posts.StateUnconfirmed: 0,
	}
	counts, err := g.queries.PublicationCountByState(ctx, g.store)
	for _, c := range counts {
		states[c.State] = float64(c.Count)
	}
	return states, err
}

// overdue looks at publications and scheduled posts. A wait that LinkedIn or an account's pause imposed makes nothing late.
func (g gauges) overdue(ctx context.Context) (map[string]float64, error) {
	var late time.Duration
	for _, oldest := range []func(context.Context, db.DBTX) (time.Time, error){g.queries.PublicationOldestDue, g.queries.PostOldestScheduled} {
		due, err := oldest(ctx, g.store)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if err == nil {
			late = max(late, g.now().Sub(due))
		}
	}
	return telemetry.Single(late.Seconds()), nil
}

// createsToday counts from 00:00 UTC, when LinkedIn's quotas begin anew. It has the accounts with most.
func (g gauges) createsToday(ctx context.Context) (map[string]float64, error) {
	sent, err := g.queries.AttemptCountByAccount(ctx, g.store, db.AttemptCountByAccountParams{
		Since: g.now().UTC().Truncate(24 * time.Hour), Most: mostAccounts,
	})
	creates := make(map[string]float64, len(sent))
	for _, c := range sent {
		creates[c.AccountID.String()] = float64(c.Count)
	}
	return creates, err
}
