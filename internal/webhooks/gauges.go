package webhooks

import (
	"context"

	"github.com/postwright/postwright/internal/telemetry"
)

// Gauges are what an operator sees of the endpoints of all owners.
func (s *Service) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{{
		Name: "postwright_webhooks_overdue_seconds", Help: "For how long the webhook waits that has waited longest for what is due.",
		Read: func(ctx context.Context) (map[string]float64, error) {
			now := s.now()
			since, err := s.queries.WebhookOldestDue(ctx, s.store, now)
			return telemetry.Single(now.Sub(since).Seconds()), err
		},
	}}
}
