// Package status checks whether everything that Postwright needs is in order, and says what to do where it is not.
//
// It owns the checks, their words and their remedies. It must not know how a report reaches whoever asked for it. A check changes
// nothing, though some make a request that a vendor counts.
package status

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
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

// Check is the result of checking one thing. Its words hold no secret and no other system's raw error.
type Check struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	// Remedy is what to do; empty when nothing is.
	Remedy string `json:"remedy,omitempty"`
}

// Report is the results of all checks, in a fixed order.
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

// Checker checks one thing, or several of a kind. Both its functions must end when ctx does.
type Checker struct {
	Name string
	// Ready says, quickly and often, whether calls can be served as far as this thing goes; nil where they can without it.
	Ready func(ctx context.Context) error
	// Run carries the check out; a check that there is nothing to say about has no result.
	Run func(ctx context.Context) []Check
}

// checkTimeout bounds each checker.
const checkTimeout = 10 * time.Second

// Run runs all checkers at once, each for ten seconds at most, so that one that hangs holds up no other. One that panics has failed,
// and log has its stack.
func Run(ctx context.Context, checkers []Checker, log *slog.Logger) Report {
	found := make([][]Check, len(checkers))
	var all sync.WaitGroup
	for i, checker := range checkers {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			found[i] = checker.try(ctx, log)
			if ctx.Err() != nil && len(found[i]) == 0 {
				found[i] = single(checker.Name, Unknown, fmt.Sprintf("There was no answer within %s.", checkTimeout), "")
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

// try is Run, of which a panic is a failure like any other: in a goroutine of its own it would end the process.
func (c Checker) try(ctx context.Context, log *slog.Logger) (checks []Check) {
	defer func() {
		if p := recover(); p != nil {
			log.ErrorContext(ctx, "a check panicked", "check", c.Name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			checks = single(c.Name, Failed, "The check itself failed.", "The log of this process has more: report it.")
		}
	}()
	return c.Run(ctx)
}

// single is the one result of a checker that checks one thing.
func single(name string, state State, detail, remedy string) []Check {
	return []Check{{Name: name, State: state, Detail: detail, Remedy: remedy}}
}

// Failing is a checker whose result is known before it runs: what it checks could not even be set up, as err says.
func Failing(name string, err error, remedy string) Checker {
	return Checker{Name: name, Run: func(context.Context) []Check { return single(name, Failed, fault.Of(err).Message, remedy) }}
}

// WithoutDatabase is a checker that can't run because the database can't be used.
func WithoutDatabase(name string) Checker {
	return Checker{Name: name, Run: func(context.Context) []Check {
		return single(name, Unknown, "The database has to be in order first.", "")
	}}
}
