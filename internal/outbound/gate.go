package outbound

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/postwright/postwright/internal/fault"
)

// Gate is the way to one host of a vendor that does not speak HTTP: its calls have the limits, the breaker, the measurements, the span
// and the log line of every other vendor's. None is repeated: whoever makes it decides that. It is safe for concurrent use.
type Gate struct {
	seam         *Seam
	vendor, name string
	host         *host // with the places that all vendors share; nil where users choose the host, who get none of them
	breaker      *breaker
	places       *semaphore.Weighted
	timeout      time.Duration // of a call; 0 for the policy's
}

// Gate returns the way to a host, to which most calls are under way at once.
func (s *Seam) Gate(vendor, name string, most int) *Gate {
	host := s.host(vendor, name)
	return &Gate{seam: s, vendor: vendor, name: name, host: host, breaker: host.breaker, places: semaphore.NewWeighted(int64(most))}
}

// Gates are the ways to hosts that users choose, so that there may be any number of them: those to so many are remembered, and no
// metric has their names.
type Gates struct {
	seam    *Seam
	vendor  string
	most    int
	timeout time.Duration

	mu sync.Mutex
	of map[string]*Gate
}

// mostHosts bounds the hosts that users choose and that are remembered. One that is forgotten has a breaker that is closed again.
const mostHosts = 1000

// Gates returns the ways to hosts, to each of which most calls are under way at once, each for a time.
func (s *Seam) Gates(vendor string, most int, timeout time.Duration) *Gates {
	return &Gates{seam: s, vendor: vendor, most: most, timeout: timeout, of: map[string]*Gate{}}
}

// To returns the way to a host.
func (g *Gates) To(name string) *Gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.of[name]
	if known == nil {
		for other := range g.of {
			if len(g.of) < mostHosts {
				break
			}
			delete(g.of, other)
		}
		known = &Gate{
			seam: g.seam, vendor: g.vendor, name: name, breaker: g.seam.makeBreaker(g.vendor, name, func(BreakerState) {}),
			places: semaphore.NewWeighted(int64(g.most)), timeout: g.timeout,
		}
		g.of[name] = known
	}
	return known
}

// Call makes one attempt, unless the host is left alone: do has as long as the policy gives an attempt, less what it waited for a
// place, which is half at most: whoever has waited longer does not begin, for they might be cut off in doubt, and is told that too many
// calls are under way, which is not in doubt and passes. What do returns is nil or a fault, and is returned; a VendorUnavailable without
// an answer's status says that the host has failed.
func (g *Gate) Call(ctx context.Context, operation string, do func(context.Context) error) error {
	s := g.seam
	s.calls.Add(1)
	defer s.calls.Done()
	policy := s.policies.policy(Operation{g.vendor, operation})
	if g.timeout > 0 {
		policy.Timeout = g.timeout
	}
	x := &exchange{vendor: g.vendor, operation: operation, policy: policy, class: callers, caller: ctx}
	if ctx.Value(jobKey{}) != nil {
		x.class = inJobs
	}
	if s.owner != nil {
		x.owner = s.owner(ctx)
	}
	came := time.Now()
	limit, cancel := context.WithTimeout(ctx, policy.Timeout)
	defer cancel()
	x.waiting = true
	leave, err := g.enter(limit, x)
	if err != nil {
		return x.failed(err)
	}
	defer leave()
	ends, _ := limit.Deadline()                             // the caller's where that is earlier
	if over(limit) || time.Until(ends) < ends.Sub(came)/2 { // its turn came as its time was up, or most of it
		return x.failed(context.DeadlineExceeded)
	}
	x.waiting = false
	// Whoever has waited behind calls that failed is not to find that out by themselves.
	permit, wait, ok := g.breaker.acquire(x.class, x.owner)
	if !ok {
		return refusal(g.vendor, operation, wait)
	}
	on, span := startSpan(limit, x, g.name, 1)
	s.observe.InFlight(g.vendor, 1)
	began := time.Now()
	x.err = do(on)
	x.took = time.Since(began)
	s.observe.InFlight(g.vendor, -1)
	s.observe.Attempt(g.vendor, operation, x.took, x.err != nil)
	g.breaker.record(permit, x.gateResult())
	endSpan(span, x)
	if x.err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "vendor call failed", slog.String("vendor", g.vendor), slog.String("operation", operation),
			slog.String("host", g.name), slog.Duration("duration", x.took), slog.Any("error", x.err))
	}
	return x.err
}

// enter waits for a place, as every call does, and then for one of the gate's own.
func (g *Gate) enter(ctx context.Context, x *exchange) (leave func(), err error) {
	leaveSeam := func() {}
	if g.host != nil {
		if leaveSeam, err = g.seam.enter(ctx, g.host, x.class, x.owner); err != nil {
			return nil, err
		}
	}
	if err := g.places.Acquire(ctx, 1); err != nil {
		leaveSeam()
		return nil, err
	}
	return func() { g.places.Release(1); leaveSeam() }, nil
}

// gateResult is what a call through a gate says about the host: whoever answers, whatever it is, works.
func (x *exchange) gateResult() hostResult {
	f := fault.Of(x.err)
	switch {
	case f == nil, f.Kind != fault.VendorUnavailable, f.Answer != nil && f.Answer.Status != 0:
		return worked
	case x.gone():
		return inconclusive
	}
	return failed
}
