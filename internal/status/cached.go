package status

import (
	"context"
	"log/slog"
	"time"
)

// CachedChecks keeps results for a while, however often somebody asks: vendors count every request, or charge for it. It is
// safe for concurrent use; whoever asks while the checkers run waits for them, as long as their own context lasts.
type CachedChecks struct {
	checkers []Checker
	ttl      time.Duration
	now      func() time.Time
	log      *slog.Logger

	turn   chan struct{} // of the one who looks at what follows
	at     time.Time
	report Report
}

// NewCachedChecks keeps the checkers' results for as long as ttl.
func NewCachedChecks(checkers []Checker, ttl time.Duration, now func() time.Time, log *slog.Logger) *CachedChecks {
	return &CachedChecks{checkers: checkers, ttl: ttl, now: now, log: log, turn: make(chan struct{}, 1)}
}

// Checks are the results, from the cache while they are good. A caller who leaves does not end checks that others wait for; one who
// leaves before it is their turn is told that nothing is known.
func (k *CachedChecks) Checks(ctx context.Context) []Check {
	select {
	case k.turn <- struct{}{}: // whoever finds nobody else here asks, even one who has just left
	default:
		select {
		case k.turn <- struct{}{}:
		case <-ctx.Done():
			return k.unknown()
		}
	}
	defer func() { <-k.turn }()
	if k.at.IsZero() || k.now().Sub(k.at) >= k.ttl {
		k.report, k.at = Run(context.WithoutCancel(ctx), k.checkers, k.log), k.now()
	}
	return k.report.Checks
}

func (k *CachedChecks) unknown() (checks []Check) {
	for _, c := range k.checkers {
		checks = append(checks, single(c.Name, Unknown, "There was no time to wait for the answer.", "")...)
	}
	return checks
}
