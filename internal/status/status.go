// Package status looks whether everything that Postwright needs is in order, and says what to do where it is not.
//
// It owns the checks, their words and remedies. It must not know who asks, nor change anything that it looks at.
package status

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// State is how a check ended.
type State string

// The states, the worst last.
const (
	OK      State = "ok"
	Unknown State = "unknown" // it can't be known, for a reason that the check tells
	Warning State = "warning" // it works, and will not for ever, or not everything does
	Failed  State = "failed"
)

var severity = map[State]int{OK: 0, Unknown: 1, Warning: 2, Failed: 3}

// Check is one thing that was looked at. Its words hold no secret and no other system's raw error.
type Check struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	// Remedy is what to do; empty when nothing is.
	Remedy string `json:"remedy,omitempty"`
}

// Report is everything that was looked at, in a fixed order.
type Report struct {
	Checks []Check `json:"checks"`
}

// State is the worst of the checks.
func (r Report) State() State {
	worst := OK
	for _, c := range r.Checks {
		if severity[c.State] > severity[worst] {
			worst = c.State
		}
	}
	return worst
}

// Look looks at one thing, or at several of a kind. Both its functions must end when ctx does.
type Look struct {
	Name string
	// Ready says, quickly and often, whether calls can be served as far as this thing goes; nil where they can without it.
	Ready func(ctx context.Context) error
	At    func(ctx context.Context) []Check
}

// patience bounds each look.
const patience = 10 * time.Second

// Examine looks at everything at once, each look for ten seconds at most, so that one that hangs holds up no other.
func Examine(ctx context.Context, looks []Look) Report {
	found := make([][]Check, len(looks))
	var all sync.WaitGroup
	for i, look := range looks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			found[i] = look.At(ctx)
			if ctx.Err() != nil && len(found[i]) == 0 {
				found[i] = one(look.Name, Unknown, fmt.Sprintf("There was no answer within %s.", patience), "")
			}
		})
	}
	all.Wait()
	var report Report
	for _, checks := range found {
		report.Checks = append(report.Checks, checks...)
	}
	return report
}

// Kept are looks that are taken again only when they are so old, however often somebody asks: a vendor counts, or has paid,
// every question. It is safe for concurrent use; who asks while they are being taken waits for them.
type Kept struct {
	Looks []Look
	Good  time.Duration
	Now   func() time.Time

	mu     sync.Mutex
	at     time.Time
	report Report
}

// Checks are what was found when it was last looked. A caller who leaves does not end a look that others wait for.
func (k *Kept) Checks(ctx context.Context) []Check {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at.IsZero() || k.Now().Sub(k.at) >= k.Good {
		k.report, k.at = Examine(context.WithoutCancel(ctx), k.Looks), k.Now()
	}
	return k.report.Checks
}

// one is the checks of a look that looks at one thing.
func one(name string, state State, detail, remedy string) []Check {
	return []Check{{Name: name, State: state, Detail: detail, Remedy: remedy}}
}

// Broken is a look whose end is known before: what it looks at could not even be begun with, as err says.
func Broken(name string, err error, remedy string) Look {
	return Look{Name: name, At: func(context.Context) []Check { return one(name, Failed, fault.Of(err).Message, remedy) }}
}

// Blocked is a look that can't be taken because another thing is broken.
func Blocked(name, because string) Look {
	return Look{Name: name, At: func(context.Context) []Check { return one(name, Unknown, because, "") }}
}
