package outbound

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// Repeat says what of an operation may be sent again by itself.
type Repeat uint8

// What may be sent again.
const (
	// Never is for what must not happen twice, and whose owner keeps account of every attempt: one approval, one sending.
	Never Repeat = iota
	// Unsent is for what has an effect: again only when it surely had none, because nothing left or the vendor answered 429.
	Unsent
	// Always is for what changes something, and does the same when it is done twice.
	Always
	// Read is for what only asks: again always, and, where a policy says so, beside an attempt that is slow.
	Read
)

// String is how the table of policies calls it.
func (r Repeat) String() string {
	return [...]string{"never", "if it had no effect", "always", "always"}[r]
}

// Policy is how one operation is carried out.
type Policy struct {
	// Timeout bounds each attempt: waiting for a connection, sending, and reading the whole answer.
	Timeout time.Duration
	// Budget bounds all attempts and the waits between them. A wait that does not fit into what is left of it, or of the
	// caller's own time, is not begun: the answer in hand goes back at once.
	Budget time.Duration
	// Attempts is how often the operation is sent at most, hedges not counted; 1 for what is never repeated.
	Attempts int
	// Repeat says which failures are followed by another attempt.
	Repeat Repeat
	// Hedge sends a read a second time beside the first when that has not been answered for so long, and takes the answer
	// that comes first; 0 never does.
	Hedge time.Duration
	// MaxBodyBytes bounds the answer's body, unpacked.
	MaxBodyBytes int64
}

// maxAttempts bounds Policy.Attempts.
const maxAttempts = 10

// Problems says what can't work about the policy, each as a clause.
func (p Policy) Problems() []string {
	var list []string
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	say(p.Timeout <= 0, "timeout must be more than 0")
	say(p.Budget < p.Timeout, "timeout must not be longer than budget: %s and %s", p.Timeout, p.Budget)
	say(p.Attempts < 1 || p.Attempts > maxAttempts, "attempts must be 1 to %d", maxAttempts)
	say(p.Repeat == Never && p.Attempts > 1, "attempts must be 1: it is never sent twice")
	say(p.Hedge < 0, "hedge must not be negative")
	say(p.Hedge > 0 && p.Repeat != Read, "hedge must be 0: it would be sent twice, which only what asks may be")
	say(p.Hedge >= p.Timeout && p.Hedge > 0, "hedge must be shorter than timeout: %s and %s", p.Hedge, p.Timeout)
	say(p.MaxBodyBytes < 1, "the largest body must be at least 1 byte")
	return list
}

// Operation names one operation of one vendor.
type Operation struct{ Vendor, ID string }

// String is how configuration names it: linkedin.getPost.
func (o Operation) String() string { return o.Vendor + "." + o.ID }

// Backoff is how long is waited between two attempts when the vendor does not say: First, then twice as long each time, up to
// Longest, give or take a quarter.
type Backoff struct{ First, Longest time.Duration }

// Breaker keeps calls from a host that does not work.
type Breaker struct {
	// Failures in a row open it: no answer, one that can't be used, or a status of 500 and above. Any other answer ends
	// the row, 429 too; what a caller broke off does not count.
	Failures int
	// Delay is how long it then refuses every call, before it lets one through to see.
	Delay time.Duration
}

// Policies says how every operation is carried out.
type Policies struct {
	// Default is for every operation that has no policy of its own.
	Default Policy
	// Of holds those of the known operations.
	Of map[Operation]Policy
	// CallBackoff is for where a caller waits, JobBackoff for where a job does (see InJob).
	CallBackoff, JobBackoff Backoff
	Breaker                 Breaker
	// BodyRetryAfter is for vendors, by name, that say in an answer's body how long to wait.
	BodyRetryAfter map[string]BodyRetryAfter
}

// BodyRetryAfter reads from a vendor's answer how long to wait, where that is not in the header Retry-After; 0 where it does
// not say.
type BodyRetryAfter func(status int, body []byte) time.Duration

// Backoffs and the breaker where nothing else is configured.
var (
	callBackoff    = Backoff{First: 100 * time.Millisecond, Longest: time.Second}
	jobBackoff     = Backoff{First: 4 * time.Second, Longest: 10 * time.Second}
	defaultBreaker = Breaker{Failures: 5, Delay: time.Minute}
)

// DefaultPolicies send everything once: an attempt of 30 s, an answer of at most 1 MiB. Other policies start from them.
func DefaultPolicies() Policies {
	return Policies{
		Default:     Policy{Timeout: 30 * time.Second, Budget: 40 * time.Second, Attempts: 1, MaxBodyBytes: 1 << 20},
		CallBackoff: callBackoff, JobBackoff: jobBackoff, Breaker: defaultBreaker,
	}
}

// Faults lists everything that can't work, each policy's under the path that name gives its operation.
func (p Policies) Faults(name func(Operation) string) []fault.Field {
	var faults []fault.Field
	operations := make([]Operation, 0, len(p.Of))
	for o := range p.Of {
		operations = append(operations, o)
	}
	slices.SortFunc(operations, func(a, b Operation) int { return cmp.Compare(a.String(), b.String()) })
	for _, o := range operations {
		for _, problem := range p.Of[o].Problems() {
			faults = append(faults, fault.Field{Path: name(o), Problem: problem})
		}
	}
	return faults
}

func (p Policies) policy(o Operation) Policy {
	if policy, ok := p.Of[o]; ok {
		return policy
	}
	return p.Default
}

type jobKey struct{}

// InJob marks the context of a job: nobody waits for its calls, so that their attempts keep a longer distance.
func InJob(ctx context.Context) context.Context { return context.WithValue(ctx, jobKey{}, true) }

func (p Policies) backoff(ctx context.Context) Backoff {
	if ctx.Value(jobKey{}) != nil {
		return p.JobBackoff
	}
	return p.CallBackoff
}
