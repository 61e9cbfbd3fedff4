package outbound

import (
	"log/slog"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// BreakerState is what a host's breaker does with calls; a number, for measurements.
type BreakerState = int

// The states, in the order of how bad they are.
const (
	BreakerClosed   BreakerState = iota // lets them through
	BreakerHalfOpen                     // lets one through to see
	BreakerOpen                         // refuses them
)

var breakerStates = [...]string{BreakerClosed: "closed", BreakerHalfOpen: "half-open", BreakerOpen: "open"}

// breaker is one host's. Each class of calls has its own, so that reads that fail keep no create back; and within a class
// each owner has theirs, so that what is wrong with one owner's data keeps nobody else back: the class as a whole is only
// left alone when the calls of two owners have failed in the row.
type breaker struct {
	policy  Breaker
	now     func() time.Time
	changed func(state BreakerState) // told of the worst state of all, in order
	log     *slog.Logger

	mu      sync.Mutex
	worst   BreakerState
	classes [classes]struct {
		all    circuit
		owners map[string]*circuit // of those whose last call failed
	}
}

// circuit is what a row of failures has come to. The zero circuit is closed.
type circuit struct {
	row     int                 // of failures while it is closed
	failed  map[string]struct{} // whose failures are in the row, for a whole class
	until   time.Time           // when it lets a call through to see, once it is open
	probing bool                // that call is under way
}

func (c *circuit) state(now time.Time) BreakerState {
	switch {
	case c == nil || c.until.IsZero():
		return BreakerClosed
	case now.Before(c.until):
		return BreakerOpen
	}
	return BreakerHalfOpen
}

// maxOwners bounds the owners that are known to fail, for each class of a host's calls.
const maxOwners = 1000

func (s *Seam) newBreaker(vendor, host string) *breaker {
	return s.makeBreaker(vendor, host, func(state BreakerState) { s.observe.Breaker(vendor, host, state) })
}

func (s *Seam) makeBreaker(vendor, host string, changed func(BreakerState)) *breaker {
	b := &breaker{policy: s.policies.Breaker, now: time.Now, log: s.log.With("vendor", vendor, "host", host), changed: changed}
	for i := range b.classes {
		b.classes[i].owners = map[string]*circuit{}
	}
	b.changed(BreakerClosed)
	return b
}

// permit lets one call through. It is given back by record.
type permit struct {
	class                    class
	owner                    string
	probesClass, probesOwner bool // the call shows whether the class's, or the owner's, calls work again
}

// probe reports whether others wait for what the call will show.
func (p permit) probe() bool { return p.probesClass || p.probesOwner }

// acquire asks to let a call through. If it is refused, wait is what is left of the delay; 0 when a call is under way to see.
func (b *breaker) acquire(c class, owner string) (p permit, wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	defer b.reportWorst(now)
	all, ofOwner := &b.classes[c].all, b.classes[c].owners[owner]
	p = permit{class: c, owner: owner, probesClass: all.state(now) == BreakerHalfOpen, probesOwner: ofOwner.state(now) == BreakerHalfOpen}
	for _, circuit := range []*circuit{all, ofOwner} {
		switch circuit.state(now) {
		case BreakerOpen:
			return permit{}, max(wait, circuit.until.Sub(now)), false
		case BreakerHalfOpen:
			if circuit.probing {
				return permit{}, 0, false
			}
		}
	}
	if p.probesClass {
		all.probing = true
	}
	if p.probesOwner {
		ofOwner.probing = true
	}
	return p, 0, true
}

// hostResult is what a call says about the host.
type hostResult uint8

const (
	inconclusive hostResult = iota // nothing: its caller left, or it waited in vain for its turn
	worked
	failed
)

// hostResult is that of an exchange that a breaker let through.
func (x *exchange) hostResult() hostResult {
	switch {
	case x.waiting, x.gone() && (x.status == 0 || x.broken != nil), x.status == 0 && x.err == nil:
		return inconclusive
	case x.hostFailed():
		return failed
	}
	return worked
}

// record tells the breaker how a call that it let through has ended. One that says nothing about the host changes nothing:
// if it was to show whether the host works again, the next one does.
func (b *breaker) record(p permit, v hostResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	defer b.reportWorst(now)
	class := &b.classes[p.class]
	if p.probesClass {
		class.all.probing = false
	}
	ofOwner := class.owners[p.owner]
	if p.probesOwner && ofOwner != nil {
		ofOwner.probing = false
	}
	switch v {
	case worked:
		if p.probesOwner || ofOwner.state(now) == BreakerClosed {
			if ofOwner.state(now) != BreakerClosed {
				b.logState(p.class, true, BreakerClosed)
			}
			delete(class.owners, p.owner)
		}
		if p.probesClass || class.all.state(now) == BreakerClosed {
			if class.all.state(now) != BreakerClosed {
				b.logState(p.class, false, BreakerClosed)
			}
			class.all = circuit{}
		}
	case failed:
		if ofOwner == nil {
			ofOwner = b.remember(p.class, p.owner, now)
		}
		if ofOwner.state(now) == BreakerClosed || p.probesOwner || p.probesClass {
			if ofOwner.row++; ofOwner.row >= b.policy.Failures || p.probe() {
				b.open(ofOwner, p.class, true, now)
			}
		}
		b.failedFor(p, now)
	}
}

// failedFor counts a failure for the whole class. Of two owners both have to have failed before it is left alone, and again.
func (b *breaker) failedFor(p permit, now time.Time) {
	all := &b.classes[p.class].all
	if !p.probesClass && all.state(now) != BreakerClosed {
		return // a straggler of before it opened
	}
	if all.failed == nil {
		all.failed = map[string]struct{}{}
	}
	if len(all.failed) < 2 {
		all.failed[p.owner] = struct{}{}
	}
	all.row++
	if len(all.failed) > 1 && (p.probesClass || all.row >= b.policy.Failures) {
		b.open(all, p.class, false, now)
	}
}

func (b *breaker) open(c *circuit, of class, oneOwner bool, now time.Time) {
	*c = circuit{until: now.Add(b.policy.Delay)}
	b.logState(of, oneOwner, BreakerOpen)
}

// remember returns a new circuit for an owner whose call failed. Where too many are known to fail, those are forgotten that
// are not kept from calling; if none is, the new one is not kept, and only counts for the class.
func (b *breaker) remember(c class, owner string, now time.Time) *circuit {
	owners := b.classes[c].owners
	if len(owners) >= maxOwners {
		for other, circuit := range owners {
			if circuit.state(now) != BreakerOpen && !circuit.probing {
				delete(owners, other)
			}
		}
	}
	ofOwner := &circuit{}
	if len(owners) < maxOwners {
		owners[owner] = ofOwner
	}
	return ofOwner
}

func (b *breaker) logState(of class, oneOwner bool, state BreakerState) {
	b.log.Warn("breaker", "calls", of.String(), "one_owner", oneOwner, "state", breakerStates[state])
}

// reportWorst works out the worst state, and reports it when it has changed. An owner who has not come back for as long as they
// were kept back is forgotten, so that nobody has to, for the state to become a better one.
func (b *breaker) reportWorst(now time.Time) {
	worst := BreakerClosed
	for i := range b.classes {
		class := &b.classes[i]
		worst = max(worst, class.all.state(now))
		for owner, ofOwner := range class.owners {
			state := ofOwner.state(now)
			if state == BreakerHalfOpen && !ofOwner.probing && !now.Before(ofOwner.until.Add(b.policy.Delay)) {
				delete(class.owners, owner)
				continue
			}
			worst = max(worst, state)
		}
	}
	if worst != b.worst {
		b.worst = worst
		b.changed(worst)
	}
}

// refusal is the fault of a call that an open breaker does not let through: nothing was sent.
func refusal(vendor, operation string, wait time.Duration) *fault.Error {
	f := fault.Newf(
		fault.VendorUnavailable,
		"%s has failed several times in a row and is left alone for a moment: try again later.",
		DisplayName(vendor),
	).WithReason(ReasonBreakerOpen)
	f.Answer = &fault.Answer{Vendor: vendor, Operation: operation}
	f.RetryAfter = max(wait, time.Second) // a call may be under way to see: then it is a matter of moments
	return f
}
