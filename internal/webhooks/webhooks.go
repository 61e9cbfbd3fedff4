// Package webhooks tells programs what happens: each event is sent to the endpoints of its owner that want it, as a POST that is
// signed by the Standard Webhooks specification.
//
// It owns the tables webhooks and webhook_*. What happens to a post is written down by triggers of the table posts, in the statement
// that changes it; everything else by a job that is inserted with the change. One process after the other fans events out to
// endpoints, as rows of deliveries; every process that works jobs sends them. An endpoint is sent one delivery at a time, by whoever
// has claimed it, so that one that is slow holds up no other; see dispatch.go. Deliveries are no jobs of River's: an endpoint that
// never answers would take one of the workers with which posts go out.
//
// An endpoint's owner chooses where requests go, so nothing is sent to an address that is not public; see internal/reach. The package must
// not know how a post is published, or how a person is told that an endpoint was switched off.
package webhooks

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/reach"
)

// Settings are the operator's.
type Settings struct {
	// Reach is where endpoints may be.
	Reach reach.Reach
	// DailyDeliveries is how many deliveries an owner may have in a day (UTC), those that are sent again by hand included.
	DailyDeliveries int64
	// Resolver finds the addresses of hosts; nil for the system's.
	Resolver *net.Resolver
}

// Follow names the jobs that follow when an endpoint was switched off, because it is gone or else fails. origin is its URL's scheme and
// host. They are inserted in the transaction that switches it off.
type Follow func(owner uuid.UUID, origin string, gone bool) []river.JobArgs

// Observer learns of attempts. It must not block.
type Observer interface {
	// WebhookAttempt is told of one that has ended, and how: one of Outcomes.
	WebhookAttempt(outcome string, took time.Duration)
}

// Dependencies are what a Service works with; it needs all of them.
type Dependencies struct {
	Store *postgres.Store
	Jobs  *jobs.Client
	// Vault seals the secrets; nil where no keyset is configured, and then there are no webhooks.
	Vault  *accounts.Vault
	Follow Follow
	// Hold reports whether nothing may be sent, because this database may not know what was sent already.
	Hold     func(context.Context) (bool, error)
	Observer Observer
	Settings Settings
	Now      func() time.Time
	Log      *slog.Logger
}

// Service keeps endpoints, and sends events to them while Run runs. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	jobs     *jobs.Client
	secrets  secrets
	follow   Follow
	hold     func(context.Context) (bool, error)
	observer Observer
	settings Settings
	sender   *sender
	now      func() time.Time
	log      *slog.Logger
	woken    chan struct{}
}

// New returns a Service.
func New(on Dependencies) *Service {
	return &Service{
		store: on.Store, queries: db.New(), jobs: on.Jobs, secrets: secrets{on.Vault}, follow: on.Follow, hold: on.Hold, observer: on.Observer,
		settings: on.Settings, sender: newSender(on.Settings, reach.Public, on.Now), now: on.Now, log: on.Log, woken: make(chan struct{}, 1),
	}
}

// Reach is where endpoints may be.
func (s *Service) Reach() reach.Reach { return s.settings.Reach }

const day = 24 * time.Hour

// today is when the day began, by UTC: Truncate counts from a midnight.
func today(now time.Time) time.Time { return now.UTC().Truncate(day) }

// notFound is the answer for a webhook that does not exist and for another owner's alike.
func notFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is no such webhook.").WithCause(err)
	}
	return err
}
