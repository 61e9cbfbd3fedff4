package outbound

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

func hedged() Policies {
	policies := thrice(Read)
	policies.Default.Hedge = time.Second
	return policies
}

// A read that is slow is sent a second time; the answer that comes first is taken, and the other attempt ends.
func TestASlowReadIsHedged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, seen := newSeam(t, Defaults(), hedged())
		sent := script(seam, "…", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
		began := time.Now()
		_, body, err := send(t.Context(), seam, http.MethodGet, "http://vendor.example")
		require.NoError(t, err)
		require.Equal(t, "good", body)
		require.Equal(t, time.Second, time.Since(began))
		require.EqualValues(t, 2, sent.Load())
		seam.Close()
		require.Len(t, seen.calls, 1, "the one that was not waited for is not measured as a failure")
		require.Zero(t, seen.retries)
		require.Zero(t, seen.inFlight)
		require.Empty(t, seen.log.String())
	})
}

// Two attempts under way at once have a body each.
func TestBothOfAHedgeSendTheWholeBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), hedged())
		bodies := make(chan string, 2)
		pipe(seam, func(conn net.Conn) {
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				return
			}
			body, _ := io.ReadAll(req.Body)
			bodies <- string(body)
			untilClosed(conn)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")
		require.Error(t, err)
		seam.Close()
		require.Equal(t, `{"commentary":"the text"}`, <-bodies)
		require.Equal(t, `{"commentary":"the text"}`, <-bodies)
	})
}

func TestAQuickReadIsNotHedged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), hedged())
		var sent atomic.Int32
		pipe(seam, func(conn net.Conn) {
			for readRequest(conn) {
				sent.Add(1)
				time.Sleep(999 * time.Millisecond)
				_, _ = io.WriteString(conn, answer(200))
			}
		})
		_, _, err := send(t.Context(), seam, http.MethodGet, "http://vendor.example")
		require.NoError(t, err)
		require.EqualValues(t, 1, sent.Load())
	})
}

// Neither the budget nor a caller's leave waits for the moment at which a hedge would be sent.
func TestAHedgeThatIsYetToComeHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit, ends time.Duration // the caller's, and when the call ends
	}{
		"the caller's time is over first": {time.Second, time.Second},
		"the attempts are over first":     {time.Hour, 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				policies := hedged()
				policies.Default.Hedge = 29 * time.Second
				seam, _ := newSeam(t, Defaults(), policies)
				script(seam, "…")
				ctx, cancel := context.WithTimeout(t.Context(), c.limit)
				defer cancel()
				began := time.Now()
				_, _, err := send(ctx, seam, http.MethodGet, "http://vendor.example")
				require.Error(t, err)
				require.Equal(t, c.ends, time.Since(began))
				seam.Close()
			})
		})
	}
}

// The body of a request that a breaker keeps back is closed, as http.RoundTripper promises.
func TestTheBodyOfWhatIsKeptBackIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		policies := DefaultPolicies()
		policies.Breaker.Failures = 1
		seam, _ := newSeam(t, Defaults(), policies)
		script(seam, answer(500))
		_, _, _ = send(t.Context(), seam, http.MethodPost, "http://vendor.example")
		body := &closing{Reader: strings.NewReader("kept back")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.example", body)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer the-secret-token") // the same as of the call that failed
		_, err = seam.Client("linkedin").Do(req)                   //nolint:bodyclose // there is no answer
		require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
		require.True(t, body.closed)
	})
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestACallerWhoLeavesEndsBothOfAHedge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, seen := newSeam(t, Defaults(), hedged())
		script(seam, "…")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, _, err := send(ctx, seam, http.MethodGet, "http://vendor.example")
		require.Equal(t, fault.Deadline, requireFault(t, err).Kind)
		seam.Close()
		require.Zero(t, seen.inFlight)
	})
}
