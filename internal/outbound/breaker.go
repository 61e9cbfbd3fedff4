package outbound

import (
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

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

// breaker is one host's.
type breaker struct {
	circuitbreaker.CircuitBreaker[any]
}

func (s *Seam) newBreaker(vendor, host string) breaker {
	s.observe.Breaker(vendor, host, BreakerClosed)
	policy := s.policies.Breaker
	states := map[circuitbreaker.State]BreakerState{
		circuitbreaker.ClosedState: BreakerClosed, circuitbreaker.HalfOpenState: BreakerHalfOpen, circuitbreaker.OpenState: BreakerOpen,
	}
	return breaker{circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(uint(policy.Failures)).
		WithSuccessThreshold(1). // one call is let through, and decides
		WithDelay(policy.Delay).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			s.observe.Breaker(vendor, host, states[e.NewState])
			s.log.Warn("breaker", "vendor", vendor, "host", host, "state", e.NewState.String())
		}).Build()}
}

// record tells the breaker how a call that it let through has ended. A call that says nothing about the host (its caller
// left, or it waited in vain for its turn) is not counted; but the one call that was to show whether the host works again
// has not shown it then, and the next comes after another delay.
func (b breaker) record(x *exchange) {
	switch {
	case x.gone() || x.waiting:
		if b.IsHalfOpen() {
			b.Open()
		}
	case x.hostFailed():
		b.RecordFailure()
	default:
		b.RecordSuccess()
	}
}

// refusal is the fault of a call that an open breaker does not let through: nothing was sent.
func (b breaker) refusal(vendor, operation string) *fault.Error {
	f := fault.Newf(fault.VendorUnavailable, "%s has failed several times in a row and is left alone for a moment: try again later.", DisplayName(vendor)).
		WithReason(ReasonBreakerOpen)
	f.Answer = &fault.Answer{Vendor: vendor, Operation: operation}
	f.RetryAfter = max(b.RemainingDelay(), time.Second) // a probe may be under way: then it is a matter of moments
	return f
}
