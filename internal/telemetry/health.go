package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// Check is one thing that must be in order before calls are sent here.
type Check struct {
	Name string
	// Alone says that nothing else is asked once this check fails.
	Alone bool
	// Ready returns nil, or a fault whose message says what is wrong and what to do.
	Ready func(ctx context.Context) error
}

// ask is Ready, of which a panic is a failure like any other: in a goroutine of its own it would end the process.
func (c Check) ask(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "The check itself failed.").WithCause(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return c.Ready(ctx)
}

// Cached is the check with a cache of its answer: however many ask, it is carried out once in ttl, one at a time and to its end,
// even if the one who asked has left. Those who wait for it do so no longer than their own context.
func (c Check) Cached(ttl time.Duration, now func() time.Time) Check {
	turn := make(chan struct{}, 1)
	var at time.Time
	var answer error
	return Check{Name: c.Name, Alone: c.Alone, Ready: func(ctx context.Context) error {
		select {
		case turn <- struct{}{}: // whoever finds nobody else here asks, even one who has just left
		default:
			select {
			case turn <- struct{}{}:
			case <-ctx.Done():
				return fault.New(fault.Unavailable, "The answer takes too long.")
			}
		}
		defer func() { <-turn }()
		if age := now().Sub(at); age < 0 || age >= ttl {
			checking, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
			defer cancel()
			answer = c.Ready(checking)
			at = now()
		}
		return answer
	}}
}

// checkTimeout bounds all checks of one question together.
const checkTimeout = 5 * time.Second

// Alive answers /healthz: the process runs. It asks nobody else, so that a database's failure does not restart it.
func Alive(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, map[string]string{"process": "ok"}, true)
}

// Ready answers /readyz: 200 when every check passes, else 503; the body says how each went that was asked. Those that may be
// asked alone come first; the others are asked side by side, so that one that hangs takes no time from the next.
func Ready(checks ...Check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
		defer cancel()
		states, ready := map[string]string{}, true
		tell := func(c Check, err error) {
			states[c.Name] = "ok"
			if err != nil {
				states[c.Name], ready = fault.Of(err).Message, false
			}
		}
		var together []Check
		for _, c := range checks {
			if !c.Alone {
				together = append(together, c)
				continue
			}
			err := c.ask(ctx)
			if tell(c, err); err != nil {
				writeHealth(w, states, ready)
				return
			}
		}
		answers := make([]error, len(together))
		var asked sync.WaitGroup
		for i, c := range together {
			asked.Go(func() { answers[i] = c.ask(ctx) })
		}
		asked.Wait()
		for i, c := range together {
			tell(c, answers[i])
		}
		writeHealth(w, states, ready)
	}
}

func writeHealth(w http.ResponseWriter, states map[string]string, ok bool) {
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(states) // a prober who left learns nothing
}
