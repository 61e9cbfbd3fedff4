package outbound

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

func hedged() Policies {
	policies := thrice(Always)
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
