package webhooks

import (
	"context"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// Channel is what transactions announce with NOTIFY that leave something to send: the trigger of webhook_events, and WebhookAnnounce.
const Channel = "webhook_work"

const (
	// lookAgain is how long it takes to look again for what somebody else is at, or has their share of.
	lookAgain = time.Second
	// longestSleep is how long nothing is looked for where nothing was announced: a net, for announcements that nobody heard.
	longestSleep = 30 * time.Second
)

// Listener has Run look at once.
func (s *Service) Listener() postgres.Listener {
	return postgres.Listener{Channel: Channel, Heard: func(string) { s.wake() }, Missed: s.wake}
}

func (s *Service) wake() {
	select {
	case s.woken <- struct{}{}:
	default: // it is awake
	}
}

// sleepsFor is how long nothing needs to be looked for, unless something is announced or an endpoint is let go of: until the next is due. An
// idle process costs the database next to nothing.
func (s *Service) sleepsFor(ctx context.Context) time.Duration {
	at, err := s.queries.WebhookNextLook(ctx, s.store)
	switch {
	case fault.Is(err, fault.NotFound):
		return longestSleep
	case err != nil:
		return lookAgain
	}
	return min(max(at.Sub(s.now()), lookAgain), longestSleep)
}
