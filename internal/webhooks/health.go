package webhooks

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// FailingLong is for how long nothing has reached an endpoint that somebody should look at.
const FailingLong = time.Hour

// Health is how endpoints fare, of one owner or of all.
type Health struct {
	// Failing are those that nothing has reached for FailingLong, though something waits for them and is tried; SwitchedOff were so by
	// themselves, for that or because they are gone.
	Failing, SwitchedOff int
	// Overdue is for how long the one waits that has waited longest for what is due, and could be sent to, or an event that no endpoint was
	// given yet: that is this server's delay, no endpoint's.
	Overdue time.Duration
}

// Health is that of all owners' endpoints.
func (s *Service) Health(ctx context.Context) (Health, error) {
	now := s.now()
	count, err := s.queries.WebhookCountUnreached(ctx, s.store, now.Add(-FailingLong))
	if err != nil {
		return Health{}, err
	}
	late, err := s.overdue(ctx, now)
	return Health{Failing: int(count.Failing), SwitchedOff: int(count.SwitchedOff), Overdue: late}, err
}

// overdue is that of all owners.
func (s *Service) overdue(ctx context.Context, now time.Time) (late time.Duration, err error) {
	for _, oldest := range []func(context.Context, db.DBTX, time.Time) (time.Time, error){
		s.queries.WebhookOldestDue, s.queries.WebhookOldestWaiting,
	} {
		since, err := oldest(ctx, s.store, now)
		if err != nil {
			return 0, err
		}
		late = max(late, now.Sub(since))
	}
	return late, nil
}

// HealthOf is that of an owner's endpoints.
func (s *Service) HealthOf(ctx context.Context, owner uuid.UUID) (h Health, err error) {
	now := s.now()
	waiting, err := s.queries.WebhookOldestWaitingOf(ctx, s.store, db.WebhookOldestWaitingOfParams{OwnerID: owner, Now: now})
	if err != nil {
		return Health{}, err
	}
	h.Overdue = max(0, now.Sub(waiting))
	list, err := s.List(ctx, owner)
	for _, w := range list {
		switch {
		case w.OffReason == OffFailing || w.OffReason == OffGone:
			h.SwitchedOff++
		case w.OffReason == "" && w.dueAt != nil && w.FailingSince != nil && !w.FailingSince.After(now.Add(-FailingLong)):
			h.Failing++
		}
		h.Overdue = max(h.Overdue, w.overdue(now))
	}
	return h, err
}

// overdue is for how long an endpoint has waited for what is due.
func (w Webhook) overdue(now time.Time) time.Duration {
	if w.dueAt == nil {
		return 0
	}
	since := *w.dueAt
	if w.freeAt.After(since) {
		since = w.freeAt
	}
	return max(0, now.Sub(since))
}
