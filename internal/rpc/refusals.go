package rpc

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
)

// Headers that tell a caller what is left to them, in the form in which net/http writes them: any other is made into it each time.
const (
	retryAfterHeader = "Retry-After"
	limitHeader      = "Ratelimit-Limit"
	remainingHeader  = "Ratelimit-Remaining"
	resetHeader      = "Ratelimit-Reset"
)

// setter is what http.Header and connect's headers have in common.
type setter interface{ Set(key, value string) }

var _ setter = http.Header{}

// tellBucket tells what is left of the caller's bucket: what it holds when full, what it holds now, and the seconds until
// it is full again.
func tellBucket(header setter, bucket limit.BucketState) {
	if bucket.Limit == 0 {
		return
	}
	header.Set(limitHeader, strconv.Itoa(bucket.Limit))
	header.Set(remainingHeader, strconv.Itoa(bucket.Remaining))
	header.Set(resetHeader, seconds(bucket.Full))
}

// tellRetry tells when a call that a limit refused may come again.
func tellRetry(header setter, err error) {
	if f := fault.Of(err); f != nil && f.Kind == fault.OverLimit && f.RetryAfter > 0 {
		header.Set(retryAfterHeader, seconds(f.RetryAfter))
	}
}

// seconds is a time in whole seconds, never less than it is.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// Delay returns when a refusal may be told, or with ctx. key is that of the caller, uuid.Nil where it is unknown: then it is the
// address that others of its refusals came from.
type Delay func(ctx context.Context, key uuid.UUID)

// NewDelay returns the Delay of all that is refused, until stopping ends: then everything is told at once. At most so many refusals
// wait at once, each on a connection perhaps; see limit.NewDelays.
func NewDelay(stopping context.Context, most int) Delay {
	delays := limit.NewDelays(most, time.Now)
	return func(ctx context.Context, key uuid.UUID) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(stopping, cancel)()
		delays.Wait(ctx, connectionOf(ctx).from, key)
	}
}

// refusalsEvery is how often a reason of refusals is logged at most.
const refusalsEvery = time.Minute

// refusals keeps calls that a limit refused, which may be thousands a second, from filling the log: of each reason the first
// is told, and a minute later the next, with how many there were between them. A metric counts them all.
type refusals struct {
	mu sync.Mutex
	of map[string]*tally // by reason: a few
}

type tally struct {
	told   time.Time
	untold int
}

// tell reports whether a refusal is to be logged, and how many before it were not.
func (r *refusals) tell(reason string, now time.Time) (untold int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.of[reason]
	if t == nil {
		if r.of == nil {
			r.of = map[string]*tally{}
		}
		t = &tally{}
		r.of[reason] = t
	}
	if !t.told.IsZero() && now.Sub(t.told) < refusalsEvery {
		t.untold++
		return 0, false
	}
	untold = t.untold
	*t = tally{told: now}
	return untold, true
}
