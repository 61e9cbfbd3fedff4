package outbound

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// Five failures in a row keep everything from the host for a minute; then one call shows whether it works again.
func TestABreakersLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, seen := newSeam(t, Defaults(), Once())
		act := answer(500)
		var sent atomic.Int32
		pipe(seam, func(conn net.Conn) {
			for readRequest(conn) {
				sent.Add(1)
				_, _ = conn.Write([]byte(act))
			}
		})
		call := func() (int, *fault.Error) {
			status, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
			return status, fault.Of(err)
		}
		for range 5 {
			status, _ := call()
			require.Equal(t, 500, status)
		}
		time.Sleep(20 * time.Second)
		_, refused := call()
		require.Equal(t, fault.VendorUnavailable, refused.Kind)
		require.Equal(t, ReasonBreakerOpen, refused.Reason)
		require.Equal(t, 40*time.Second, refused.RetryAfter, "what is left of the minute")
		require.False(t, refused.Doubt, "nothing was sent")
		require.EqualValues(t, 5, sent.Load())
		require.Len(t, seen.calls, 5, "what was kept back is no attempt")

		time.Sleep(40 * time.Second)
		status, _ := call()
		require.Equal(t, 500, status, "one call is let through")
		_, refused = call()
		require.Equal(t, ReasonBreakerOpen, refused.Reason, "and it has shown that nothing is better")

		time.Sleep(time.Minute)
		act = answer(200)
		status, _ = call()
		require.Equal(t, 200, status)
		require.Equal(t, BreakerClosed, seen.breaker[len(seen.breaker)-1], "one good answer is enough")
		status, _ = call()
		require.Equal(t, 200, status)
		require.Equal(t, []BreakerState{BreakerClosed, BreakerOpen, BreakerHalfOpen, BreakerOpen, BreakerHalfOpen, BreakerClosed}, seen.breaker)
	})
}

func TestWhatTheBreakerCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act   string
		opens bool
	}{
		"hung up":                {"", true},
		"no answer in time":      {"…", true},
		"500":                    {answer(500), true},
		"503":                    {answer(503), true},
		"a body that breaks off": {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", true},
		"429":                    {answer(429), false},
		"401":                    {answer(401), false},
		"404":                    {answer(404), false},
		"200":                    {answer(200), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Defaults(), Once())
				script(seam, c.act)
				for range 5 {
					_, _, _ = send(t.Context(), seam, http.MethodPost, "http://vendor.example")
				}
				_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
				if c.opens {
					require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
				} else {
					require.NoError(t, err)
				}
			})
		})
	}
}

func TestOneGoodAnswerEndsTheRowOfFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), Once())
		bad := answer(500)
		script(seam, bad, bad, bad, bad, answer(404), bad, bad, bad, bad, answer(200))
		for range 10 {
			_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
			require.NoError(t, err)
		}
	})
}

// A caller who leaves says nothing about the host; but a probe that was left has shown nothing either.
func TestCallersWhoLeaveDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), Once())
		bad := answer(500)
		script(seam, "…", "…", "…", "…", "…", "…", bad, bad, bad, bad, bad, "…", answer(200))
		impatient := func() *fault.Error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")
			return requireFault(t, err)
		}
		for range 6 {
			require.Equal(t, fault.Deadline, impatient().Kind)
		}
		for range 5 {
			_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
			require.NoError(t, err)
		}
		time.Sleep(time.Minute)
		require.Equal(t, fault.Deadline, impatient().Kind, "the probe")
		require.Equal(t, ReasonBreakerOpen, impatient().Reason)
		time.Sleep(time.Minute)
		_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
		require.NoError(t, err)
	})
}

func TestOneHostsBreakerKeepsNothingFromAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), Once())
		act := answer(500)
		pipe(seam, func(conn net.Conn) {
			for readRequest(conn) {
				_, _ = conn.Write([]byte(act))
			}
		})
		for range 6 {
			_, _, _ = send(t.Context(), seam, http.MethodPost, "http://one.example")
		}
		act = answer(200)
		_, _, err := send(t.Context(), seam, http.MethodPost, "http://one.example")
		require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
		_, _, err = send(t.Context(), seam, http.MethodPost, "http://other.example")
		require.NoError(t, err)
	})
}

// An open breaker is not asked again by itself: it would refuse for as long as it is open.
func TestWhatTheBreakerRefusesIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		policies := thrice(Always)
		policies.Breaker.Failures = 2
		seam, seen := newSeam(t, Defaults(), policies)
		sent := script(seam, answer(500))
		_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
		require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
		require.EqualValues(t, 2, sent.Load())
		require.Equal(t, 2, seen.retries)
	})
}
