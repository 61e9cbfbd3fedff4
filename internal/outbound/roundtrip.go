package outbound

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

type roundTripper struct {
	seam   *Seam
	vendor string
}

// RoundTrip carries the request out by its operation's policy and returns the last attempt's answer with its body read,
// or a *fault.Error. A body that is too long or breaks off gives its fault when it is read to there: the status and
// headers before it still count. So does an answer that comes while the caller leaves: what has happened is told.
//
// Over HTTP/1.1 net/http sends a request again by itself only when nothing of it was written to a connection that had
// died, or when its method is GET, HEAD, OPTIONS or TRACE or it carries an Idempotency-Key (net/http,
// Transport.shouldRetryRequest): without that header, which nothing here may set on its own, a POST never arrives twice
// in one attempt.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	t.seam.calls.Add(1)
	defer t.seam.calls.Done()
	operation := operationOf(req.Context())
	policy := t.seam.policies.policy(Operation{t.vendor, operation})
	defer closeBody(req) // as http.RoundTripper promises
	if !rewindable(req) {
		policy.Attempts, policy.Hedge = 1, 0 // what was read of the body is gone
	}
	ctx, cancel := context.WithTimeout(req.Context(), policy.Budget)
	defer cancel()
	pace := t.seam.policies.backoff(ctx)
	deadline, _ := ctx.Deadline()
	effect := false // of an attempt before the last
	for number := 1; ; number++ {
		x := t.round(ctx, req, policy, number)
		x.wait, x.more = x.again(pace, number, time.Until(deadline), time.Now())
		x.more = x.more && (!x.departure.left() || mayRepeat(ctx))
		t.log(x, req, number)
		if !x.more || !pause(ctx, x.wait) {
			return x.outcome(ctx.Err(), effect) //nolint:contextcheck // the mark it makes belongs to the answer's own request
		}
		effect = effect || x.effect()
		t.seam.observe.Retry(t.vendor, operation)
	}
}

// pause waits between two attempts; false when the caller left.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// round makes one attempt, and where the policy says so another one beside it when that is slow. The answer that comes first
// is taken; the other attempt has ended when round returns.
func (t *roundTripper) round(ctx context.Context, req *http.Request, policy Policy, number int) *exchange {
	if policy.Hedge == 0 {
		return t.try(ctx, req, policy, number)
	}
	ctx, supersede := context.WithCancelCause(ctx)
	ended := make(chan *exchange, 2)
	var attempts sync.WaitGroup
	defer attempts.Wait()
	defer supersede(errSuperseded)
	start := func() { attempts.Go(func() { ended <- t.try(ctx, req, policy, number) }) }
	start()
	timer := time.NewTimer(policy.Hedge)
	defer timer.Stop()
	select {
	case first := <-ended:
		return first
	case <-ctx.Done():
		return <-ended
	case <-timer.C:
		if !mayRepeat(ctx) {
			return <-ended
		}
		start()
	}
	first := <-ended
	if first.status != 0 {
		return first
	}
	second := <-ended // may have an answer yet
	if second.status == 0 && (second.refused || first.effect()) {
		return first
	}
	return second
}

// log writes a line for an attempt that failed, and nothing for the others.
func (t *roundTripper) log(x *exchange, req *http.Request, number int) {
	cause := x.failure()
	if !x.unsuccessful() {
		return
	}
	attributes := []slog.Attr{
		slog.String("vendor", t.vendor), slog.String("operation", x.operation), slog.String("host", req.URL.Host),
		slog.Int("status", x.status), slog.Duration("duration", x.took), slog.Int("attempt", number),
	}
	if x.more {
		attributes = append(attributes, slog.Duration("again_in", x.wait))
	}
	if cause != nil {
		attributes = append(attributes, slog.Any("error", cause))
	}
	t.seam.log.LogAttrs(req.Context(), slog.LevelWarn, "vendor call failed", attributes...)
}
