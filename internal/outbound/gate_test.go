package outbound

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// silence is a call that gets no answer: it ends with its time.
func silence(ctx context.Context) error {
	<-ctx.Done()
	return fault.New(fault.VendorUnavailable, "It says nothing.")
}

// A host that says nothing holds as many calls as have a place, once and for as long as an attempt may take; those behind them and all
// that come later are free at once, and one call at a time shows whether it works again.
func TestASilentHostHoldsFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, seen := newSeam(t, Defaults(), DefaultPolicies())
		gate := seam.Gate("smtp", "mail.example", 5)
		job := InJob(t.Context())
		began := time.Now()
		ended := make(chan *fault.Error, 20)
		for range 10 {
			go func() { ended <- fault.Of(gate.Call(job, "send", silence)) }()
		}
		reasons := map[string]int{}
		for range 10 {
			reasons[(<-ended).Reason]++
		}
		require.Equal(t, 30*time.Second, time.Since(began))
		require.Equal(t, 5, reasons[""], "those that were silent")
		require.Equal(t, 5, reasons[ReasonBreakerOpen]+reasons[ReasonTimeout], "and those behind them: %v", reasons)
		require.Len(t, seen.calls, 5)
		require.Equal(t, BreakerOpen, seen.breaker[len(seen.breaker)-1])
		require.Contains(t, seen.log.String(), "vendor call failed")

		refused := fault.Of(gate.Call(job, "send", silence))
		require.Equal(t, ReasonBreakerOpen, refused.Reason)
		require.Equal(t, "The mail server has failed several times in a row and is left alone for a moment: try again later.", refused.Message)
		require.Equal(t, time.Minute, refused.RetryAfter)
		require.Equal(t, 30*time.Second, time.Since(began), "at once")

		time.Sleep(time.Minute)
		for range 10 {
			go func() { ended <- fault.Of(gate.Call(job, "send", silence)) }()
		}
		synctest.Wait()
		require.Len(t, ended, 9, "one is let through to see")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Len(t, ended, 10)

		require.NoError(t, gate.Call(t.Context(), "send", func(context.Context) error { return nil }), "a caller's calls have a breaker of their own")
		time.Sleep(time.Minute)
		require.NoError(t, gate.Call(job, "send", func(context.Context) error { return nil }))
		require.Equal(t, BreakerClosed, seen.breaker[len(seen.breaker)-1])
	})
}

// Whoever has waited for a place through most of their time does not begin: they would be cut off once all was sent, and in doubt.
func TestACallBeginsWithTimeToEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		held, patience time.Duration
		called         bool
	}{
		"a short wait":                       {14 * time.Second, time.Hour, true},
		"a long one":                         {16 * time.Second, time.Hour, false},
		"none, of a caller in a hurry":       {0, 2 * time.Second, true},
		"a short one, of one in a hurry":     {900 * time.Millisecond, 2 * time.Second, true},
		"a long one, of a caller in a hurry": {1100 * time.Millisecond, 2 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Defaults(), DefaultPolicies())
				gate := seam.Gate("smtp", "mail.example", 1)
				go func() {
					_ = gate.Call(t.Context(), "send", func(context.Context) error { time.Sleep(c.held); return nil })
				}()
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), c.patience)
				defer cancel()
				called := false
				err := gate.Call(ctx, "send", func(context.Context) error { called = true; return nil })
				require.Equal(t, c.called, called)
				if !c.called {
					f := fault.Of(err)
					require.Equal(t, fault.VendorUnavailable, f.Kind)
					require.Equal(t, ReasonTimeout, f.Reason)
					require.False(t, f.Doubt)
				}
			})
		})
	}
}

// Who answers works, whatever the answer; and a caller who leaves says nothing about the host.
func TestWhatAGatesBreakerCounts(t *testing.T) {
	t.Parallel()
	answered := fault.New(fault.VendorUnavailable, "Not now.")
	answered.Answer = &fault.Answer{Status: 454}
	for name, c := range map[string]struct {
		patience time.Duration
		act      func(context.Context) error
		opens    bool
	}{
		"no answer":             {time.Hour, silence, true},
		"an answer":             {time.Hour, func(context.Context) error { return answered }, false},
		"a refusal":             {time.Hour, func(context.Context) error { return fault.New(fault.VendorRejected, "No.") }, false},
		"a caller who leaves":   {time.Second, silence, false},
		"taken, every time":     {time.Hour, func(context.Context) error { return nil }, false},
		"a password is refused": {time.Hour, func(context.Context) error { return fault.New(fault.VendorAuth, "No.") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, seen := newSeam(t, Defaults(), DefaultPolicies())
				gate := seam.Gate("smtp", "mail.example", 5)
				for range 5 {
					ctx, cancel := context.WithTimeout(t.Context(), c.patience)
					_ = gate.Call(ctx, "send", c.act)
					cancel()
				}
				require.Len(t, seen.calls, 5)
				_ = gate.Call(t.Context(), "send", func(context.Context) error { return nil })
				require.Equal(t, c.opens, len(seen.calls) == 5)
				require.Zero(t, seen.inFlight)
			})
		})
	}
}

// Hosts that users choose have a breaker each, take no place from other vendors, and are forgotten when there are too many.
func TestHostsThatUsersChooseAreKeptApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := Defaults()
		limits.MaxConns = 1
		seam, seen := newSeam(t, limits, DefaultPolicies())
		gates := seam.Gates("webpush", 20, 10*time.Second)
		began := time.Now()
		ended := make(chan *fault.Error, 5)
		for range 5 {
			go func() { ended <- fault.Of(gates.To("silent.example").Call(t.Context(), "send", silence)) }()
		}
		synctest.Wait()
		require.Equal(t, 5, seen.inFlight)
		script(seam, answer(200))
		status, _, err := send(t.Context(), seam, "POST", "http://vendor.example")
		require.NoError(t, err, "they take no places of others")
		require.Equal(t, 200, status)
		for range 5 {
			require.Equal(t, fault.VendorUnavailable, (<-ended).Kind)
		}
		require.Equal(t, 10*time.Second, time.Since(began))
		require.Equal(t, ReasonBreakerOpen, fault.Of(gates.To("silent.example").Call(t.Context(), "send", silence)).Reason)
		require.NoError(t, gates.To("other.example").Call(t.Context(), "send", func(context.Context) error { return nil }))
		require.Equal(t, []BreakerState{BreakerClosed}, seen.breaker, "of the vendor's host alone: no metric has a name that users choose")
		for i := range 3 * mostHosts {
			gates.To(strconv.Itoa(i))
		}
		require.LessOrEqual(t, len(gates.of), mostHosts)
	})
}
