package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// Bounds of the sending of one process.
const (
	// mostAtOnce is how many endpoints are sent to at once, and mostOfOwner how many of one owner: a slow one keeps a place for as long
	// as an attempt may take, so that it takes many owners with many slow endpoints to keep others waiting.
	mostAtOnce  = 64
	mostOfOwner = 4
	// sliceTime is for how long, and sliceMost how many deliveries, one endpoint is sent to before others that wait come first.
	sliceTime = 10 * time.Second
	sliceMost = 50
	// leaseTime is when an endpoint is taken up by somebody else whose process died: longer than a slice with its last attempt.
	leaseTime = time.Minute
	// releaseTimeout bounds the last word about an endpoint as the process stops.
	releaseTimeout = 5 * time.Second
)

// Run fans events out and sends them until ctx ends. What is being sent then is cut off, and sent again by others.
func (s *Service) Run(ctx context.Context) {
	d := dispatcher{service: s, ended: make(chan uuid.UUID, mostAtOnce), running: map[uuid.UUID]int{}}
	defer d.sending.Wait()
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		left := d.round(ctx)
		d.endAll()
		if left == moreBacklog && ctx.Err() == nil {
			continue
		}
		wait := lookAgain
		if left == noBacklog {
			wait = s.sleepsFor(ctx)
		}
		look.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case owner := <-d.ended:
			d.end(owner)
		case <-s.woken:
		case <-look.C:
		}
	}
}

// dispatcher is the state of Run.
type dispatcher struct {
	service *Service
	sending sync.WaitGroup
	ended   chan uuid.UUID // the owners of endpoints that are not sent to any more
	running map[uuid.UUID]int
	places  int
	fanned  uuid.UUID // the owner whose events were fanned out last
}

// endAll ends what has ended by now, and waits for nothing.
func (d *dispatcher) endAll() {
	for {
		select {
		case owner := <-d.ended:
			d.end(owner)
		default:
			return
		}
	}
}

func (d *dispatcher) end(owner uuid.UUID) {
	d.places--
	if d.running[owner]--; d.running[owner] == 0 {
		delete(d.running, owner)
	}
}

// round fans out some of what is new, and begins to send to endpoints for which something is due, as far as there is room. It reports
// what is left to fan out. A database that is away is told by the seam, and asked again before long.
func (d *dispatcher) round(ctx context.Context) (left backlog) {
	s := d.service
	var err error
	if d.fanned, left, err = s.fanOut(ctx, d.fanned); err != nil {
		return laterBacklog
	}
	for d.places < mostAtOnce {
		to, err := s.claim(ctx, d.busy())
		if err != nil { // nothing is due, or the database is away
			return left
		}
		d.places++
		d.running[to.owner]++
		d.sending.Go(func() {
			s.slice(ctx, to)
			select {
			case d.ended <- to.owner:
			case <-ctx.Done():
			}
		})
	}
	return left
}

// busy are the owners who have their share of the places.
func (d *dispatcher) busy() []uuid.UUID {
	owners := []uuid.UUID{} // not nil, which PostgreSQL would take for unknown
	for owner, places := range d.running {
		if places >= mostOfOwner {
			owners = append(owners, owner)
		}
	}
	return owners
}

// overLimit is what a delivery says that was not made for the day's sake.
const overLimit = "The day's deliveries (UTC) are used up: the operator sets their number with --webhooks-daily-limit. Send it again after 00:00 UTC."

// claim takes the endpoint that has waited longest; NotFound where nothing is due. While nothing may go out, it rests for a while: what
// waits for it then may have been sent already.
func (s *Service) claim(ctx context.Context, busy []uuid.UUID) (endpoint, error) {
	now := s.now()
	row, err := s.queries.WebhookClaim(ctx, s.store, db.WebhookClaimParams{Now: now, LeasedUntil: now.Add(leaseTime), BusyOwners: busy})
	if err != nil {
		return endpoint{}, err
	}
	if held, err := s.hold(ctx); err != nil || held {
		return endpoint{}, errors.Join(errHeld, err)
	}
	return endpoint{row.ID, row.OwnerID}, nil
}

// endpoint is one that this process has claimed.
type endpoint struct{ id, owner uuid.UUID }

// errHeld says that an endpoint is not sent to because nothing may go out: it is looked at again when its lease ends.
var errHeld = errors.New("nothing may be sent now")

// slice sends what is due to an endpoint, one after the other, until it fails or others come first, and lets go of it.
func (s *Service) slice(ctx context.Context, to endpoint) {
	began := s.now()
	resting := time.Duration(0)
	err := s.endOverdue(ctx, to)
	for range sliceMost {
		failed, sent := time.Duration(0), false
		if err == nil {
			failed, sent, err = s.sendNext(ctx, to)
		}
		if err != nil && ctx.Err() == nil {
			// What came of an attempt may not be written down: to send again at once would be to send again and again.
			s.log.ErrorContext(ctx, "a webhook is left alone until its lease ends", "webhook_id", to.id, "owner_id", to.owner, "error", err)
			return
		}
		if err != nil { // the process stops
			break
		}
		resting = failed
		if !sent || failed > 0 || s.now().Sub(began) >= sliceTime {
			break
		}
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	// Where it fails, the endpoint is taken up again when the lease ends.
	_ = s.release(after, to, s.now().Add(resting))
}

// release lets others send to an endpoint from a time on.
func (s *Service) release(ctx context.Context, to endpoint, from time.Time) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		_, err := s.queries.WebhookGetForUpdate(ctx, tx, db.WebhookGetForUpdateParams{ID: to.id, OwnerID: to.owner})
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err == nil {
			_, err = s.queries.WebhookRelease(ctx, tx, db.WebhookReleaseParams{ID: to.id, OwnerID: to.owner, FreeAt: from})
		}
		return err
	})
}

// gaveUp is what a delivery says that was never tried in its day.
const gaveUp = "It was given up after a day in which it was not tried: the endpoint rested, others came first, or its secret did not open."

// endOverdue ends what was tried for a day, all at once: tried once more each, one after the other, there would be no end to it.
func (s *Service) endOverdue(ctx context.Context, to endpoint) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		_, err := s.queries.WebhookGetForUpdate(ctx, tx, db.WebhookGetForUpdateParams{ID: to.id, OwnerID: to.owner})
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err == nil {
			_, err = s.queries.WebhookEndOverdue(ctx, tx, db.WebhookEndOverdueParams{WebhookID: to.id, Problem: gaveUp, Now: s.now()})
		}
		return err
	})
}

// sendNext sends the next delivery that is due, and records what came of it. It returns for how long the endpoint is left alone then,
// 0 where it did not fail, and whether there was anything to send. What does not leave this server because of this server is an error, and
// no attempt.
func (s *Service) sendNext(ctx context.Context, to endpoint) (resting time.Duration, sent bool, err error) {
	next, err := s.queries.WebhookNextDue(ctx, s.store, db.WebhookNextDueParams{ID: to.id, OwnerID: to.owner, Now: s.now()})
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	body, err := json.Marshal(message{Type: next.Type, Timestamp: next.OccurredAt.UTC(), Data: next.Data})
	if err != nil {
		return 0, false, err
	}
	now := s.now()
	secrets, err := s.secrets.opened(next.SealedSecret, next.SealedPreviousSecret, next.PreviousSecretUntil, to.owner, to.id, now)
	if len(secrets) == 0 {
		s.observer.WebhookAttempt(outcomeUnsigned, 0)
		return 0, false, err
	}
	if err != nil {
		s.log.ErrorContext(ctx, "a webhook's previous secret does not open: what is sent is signed with the current one alone",
			"webhook_id", to.id, "owner_id", to.owner, "error", err)
	}
	came := s.sender.post(ctx, next.Url, next.EventID.String(), body, secrets)
	if ctx.Err() != nil { // it was cut off, which says nothing about the endpoint
		return 0, false, ctx.Err()
	}
	s.observer.WebhookAttempt(came.outcome, came.took)
	if came.outcome == outcomeUnsigned {
		return 0, false, errors.New(came.problem)
	}
	failures, err := s.record(ctx, to, next, came)
	if failures > 0 {
		resting = max(rest(failures), came.asked)
	}
	return resting, true, err
}
