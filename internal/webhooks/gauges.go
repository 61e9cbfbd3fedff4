package webhooks

import (
	"context"

	"github.com/postwright/postwright/internal/telemetry"
)

// Gauges are what an operator sees of the endpoints of all owners.
func (s *Service) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{
		{
			Name: "postwright_webhooks_due", Help: "Endpoints of webhooks for which something is due and that nobody sends to.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				due, err := s.queries.WebhookCountPending(ctx, s.store, s.now())
				return telemetry.Single(float64(due.Endpoints)), err
			},
		},
		{
			Name: "postwright_webhooks_overdue_seconds", Help: "For how long the endpoint has waited that has waited longest for what is due.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				now := s.now()
				due, err := s.queries.WebhookCountPending(ctx, s.store, now)
				if err != nil || due.Endpoints == 0 {
					return telemetry.Single(0), err
				}
				return telemetry.Single(now.Sub(due.Oldest).Seconds()), nil
			},
		},
	}
}
