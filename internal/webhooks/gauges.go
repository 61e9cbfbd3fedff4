package webhooks

import (
	"context"

	"github.com/postwright/postwright/internal/telemetry"
)

// Gauges are what an operator sees of the endpoints of all owners.
func (s *Service) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{{
		Name: "postwright_webhooks_unreached", Help: "Webhooks that nothing has reached for an hour, by whether it is still tried.",
		Label: "state", Read: func(ctx context.Context) (map[string]float64, error) {
			count, err := s.queries.WebhookCountUnreached(ctx, s.store, s.now().Add(-FailingLong))
			return map[string]float64{"failing": float64(count.Failing), "switched_off": float64(count.SwitchedOff)}, err
		},
	}, {
		Name: "postwright_webhooks_overdue_seconds",
		Help: "For how long the webhook waits that has waited longest for what is due, or an event to be fanned out.",
		Read: func(ctx context.Context) (map[string]float64, error) {
			late, err := s.overdue(ctx, s.now())
			return telemetry.Single(late.Seconds()), err
		},
	}}
}
