package origin

import (
	"context"

	"github.com/postwright/postwright/internal/telemetry"
)

// Gauges are what an operator sees of the hold.
func (s *Service) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{{
		Name: "postwright_publishing_held",
		Help: "1 while nothing goes out because the database was restored or another server took over; 0 otherwise.",
		Read: func(ctx context.Context) (map[string]float64, error) {
			standing, err := s.Standing(ctx)
			if standing.Hold != nil {
				return telemetry.Single(1), err
			}
			return telemetry.Single(0), err
		},
	}}
}
