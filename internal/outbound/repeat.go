package outbound

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// again decides whether an exchange that has ended is followed by another attempt, and after which wait. attempt counts
// from 1; left is what remains of the operation's budget and of the caller's time.
func (x *exchange) again(pace Backoff, attempt int, left time.Duration, now time.Time) (wait time.Duration, yes bool) {
	if !x.repeatable() || attempt >= x.policy.Attempts {
		return 0, false
	}
	wait = pace.wait(attempt)
	if asked := max(RetryAfter(x.header, now), x.asked); asked > 0 {
		wait = asked + rand.N(asked/10+1) // never sooner than asked for
	}
	if errors.Is(x.err, context.DeadlineExceeded) && left-wait < x.policy.Timeout {
		return 0, false // what was too slow for an attempt's time is asked for nothing in less
	}
	return wait, wait < left
}

type allowanceKey struct{}

// AllowRepeats has a call ask before it sends its request once more, after one that may have reached the vendor: vendors count
// each. Where the answer is no, the call ends with what it has. It is asked before the wait, or beside a slow attempt.
func AllowRepeats(ctx context.Context, allow func(context.Context) bool) context.Context {
	return context.WithValue(ctx, allowanceKey{}, allow)
}

func mayRepeat(ctx context.Context) bool {
	allow, asked := ctx.Value(allowanceKey{}).(func(context.Context) bool)
	return !asked || allow(ctx)
}

// repeatable reports whether the outcome may be followed by another attempt.
func (x *exchange) repeatable() bool {
	switch {
	case x.policy.Repeat == Never, x.refused, x.waiting, x.goesOn, x.distrusted, x.gone():
		return false // a breaker, a queue, a caller's leave or a bad certificate is not cured by asking once more
	case x.status == http.StatusTooManyRequests:
		return true
	case x.status == 0 && !x.departure.left():
		return true
	case x.policy.Repeat == Unsent:
		return false
	}
	return x.status == 0 || (x.status >= http.StatusInternalServerError && x.status != http.StatusNotImplemented) ||
		(x.broken != nil && !x.tooLong)
}

// wait is the n-th wait, n from 1.
func (p Backoff) wait(n int) time.Duration {
	wait := min(p.First<<min(n-1, 20), p.Longest)
	spread := wait / 4
	return wait - spread + rand.N(2*spread+1)
}

// RetryAfter reads the header of that name in both of its forms (RFC 9110, 10.2.3); 0 when it is absent, unreadable or
// past.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(time.Duration(seconds)*time.Second, 0)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}
