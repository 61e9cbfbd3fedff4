package accounts

import "context"

// Sweep has every account looked at, as the job does that comes every hour.
func (s *Service) Sweep(ctx context.Context) error { return (&sweepWorker{service: s}).Work(ctx, nil) }
