package accounts

import (
	"context"

	"github.com/postwright/postwright/internal/telemetry"
)

// Gauges are what an operator sees of the accounts of all owners.
func (s *Service) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{{
		Name:  "postwright_account_token_days_left",
		Help:  "Days until a person has to connect the account again; 0 for one whose token LinkedIn refuses.",
		Label: "account", Read: s.daysLeft,
	}}
}

func (s *Service) daysLeft(ctx context.Context) (map[string]float64, error) {
	ends, err := s.TimeLeft(ctx)
	days := make(map[string]float64, len(ends))
	for account, left := range ends {
		days[account.String()] = telemetry.Days(left)
	}
	return days, err
}
