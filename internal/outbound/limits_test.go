package outbound

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// pipe makes the seam dial in memory, so that time can be a bubble's. serve gets the server's end of each connection.
func pipe(seam *Seam, serve func(net.Conn)) {
	seam.dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			serve(server)
		}()
		return client, nil
	}
}

// untilClosed waits for the other end to hang up.
func untilClosed(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestTimeLimits(t *testing.T) {
	t.Parallel()
	silent := func(conn net.Conn) {
		readRequest(conn)
		untilClosed(conn)
	}
	halfBody := func(conn net.Conn) {
		readRequest(conn)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")
		untilClosed(conn)
	}
	caller := func(limit time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
		return func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, limit)
		}
	}
	cancelled := func(after time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
		return func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(after, cancel)
			return ctx, cancel
		}
	}
	tests := map[string]struct {
		serve  func(net.Conn) // nil takes no byte of the request
		caller func(context.Context) (context.Context, context.CancelFunc)
		kind   fault.Kind
		reason string
		after  time.Duration
		doubt  bool
	}{
		"no answer":                               {silent, caller(time.Hour), fault.VendorUnavailable, ReasonTimeout, 30 * time.Second, true},
		"the body does not end":                   {halfBody, caller(time.Hour), fault.VendorUnavailable, ReasonTimeout, 30 * time.Second, true},
		"the request is not taken":                {nil, caller(time.Hour), fault.VendorUnavailable, ReasonTimeout, 30 * time.Second, false},
		"the caller's time ends first":            {silent, caller(time.Second), fault.Deadline, ReasonTimeout, time.Second, true},
		"the caller's time ends within the body":  {halfBody, caller(time.Second), fault.Deadline, ReasonTimeout, time.Second, true},
		"the caller goes away":                    {silent, cancelled(time.Second), fault.Canceled, "", time.Second, true},
		"the caller goes away within the body":    {halfBody, cancelled(time.Second), fault.Canceled, "", time.Second, true},
		"the caller goes away before bytes leave": {nil, cancelled(time.Second), fault.Canceled, "", time.Second, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, seen := newSeam(t, Defaults(), DefaultPolicies())
				serve := test.serve
				if serve == nil {
					serve = func(net.Conn) { <-t.Context().Done() }
				}
				pipe(seam, serve)
				ctx, cancel := test.caller(t.Context())
				defer cancel()
				began := time.Now()

				_, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")

				f := requireFault(t, err)
				require.Equal(t, test.kind, f.Kind)
				require.Equal(t, test.reason, f.Reason)
				require.Equal(t, test.doubt, f.Doubt)
				require.Equal(t, test.after, time.Since(began))
				require.Equal(t, test.after, seen.only(t).took)
				require.True(t, seen.only(t).failed)
			})
		})
	}
}

func TestAnOperationsOwnPolicyBeatsTheDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		policies := DefaultPolicies()
		policies.Of = map[Operation]Policy{{"linkedin", "createPost"}: {Timeout: 7 * time.Second, Budget: 7 * time.Second, Attempts: 1, MaxBodyBytes: 1}}
		seam, _ := newSeam(t, Defaults(), policies)
		pipe(seam, untilClosed)
		began := time.Now()
		_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
		require.Equal(t, ReasonTimeout, requireFault(t, err).Reason)
		require.Equal(t, 7*time.Second, time.Since(began))
	})
}

// crowd makes calls that all hang, and reports how many connections they hold once nothing moves any more.
func crowd(ctx context.Context, t *testing.T, seam *Seam, calls int, hosts ...string) (held func() int32, wait func()) {
	t.Helper()
	var open atomic.Int32
	pipe(seam, func(conn net.Conn) {
		open.Add(1)
		defer open.Add(-1)
		untilClosed(conn)
	})
	var group sync.WaitGroup
	for n := range calls {
		group.Go(func() {
			_, _, err := send(ctx, seam, http.MethodPost, hosts[n%len(hosts)])
			if !fault.Is(err, fault.Canceled) {
				t.Errorf("call %d: %v", n, err)
			}
		})
	}
	synctest.Wait()
	return open.Load, group.Wait
}

func TestConnectionsAreBoundedPerHostAndInAll(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		hosts []string
		held  int32
	}{
		"one host":    {[]string{"http://a.example"}, 2},
		"three hosts": {[]string{"http://a.example", "http://b.example", "http://c.example"}, 5},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Config{MaxConns: 5, MaxConnsPerHost: 2, IdleTimeout: time.Minute}, DefaultPolicies())
				ctx, cancel := context.WithCancel(t.Context())
				held, wait := crowd(ctx, t, seam, 12, test.hosts...)
				require.Equal(t, test.held, held())
				cancel()
				wait()
			})
		})
	}
}

func TestCallsQueueingForOneHostDoNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Config{MaxConns: 5, MaxConnsPerHost: 2, IdleTimeout: time.Minute}, DefaultPolicies())
		ctx, cancel := context.WithCancel(t.Context())
		_, wait := crowd(ctx, t, seam, 50, "http://slow.example")
		pipe(seam, func(conn net.Conn) {
			readRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		})

		status, _, err := send(t.Context(), seam, http.MethodPost, "http://quick.example")

		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		cancel()
		wait()
	})
}

func TestWaitingForAPlaceIsPartOfTheAttempt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit   time.Duration // the caller's
		kind    fault.Kind
		reason  string
		message string
		after   time.Duration
	}{
		"the attempt's limit": {time.Hour, fault.VendorUnavailable, ReasonTimeout, "too many calls", 30 * time.Second},
		"the caller's limit":  {time.Second, fault.Deadline, ReasonTimeout, "ran out", time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				policies := DefaultPolicies()
				policies.Of = map[Operation]Policy{{"linkedin", "unnamed"}: {Timeout: time.Hour, Budget: time.Hour, Attempts: 1, MaxBodyBytes: 1}}
				seam, _ := newSeam(t, Config{MaxConns: 1, MaxConnsPerHost: 1, IdleTimeout: time.Minute}, policies)
				pipe(seam, untilClosed)
				holder, stop := context.WithCancel(t.Context())
				var group sync.WaitGroup
				group.Go(func() {
					req, err := http.NewRequestWithContext(holder, http.MethodGet, "http://vendor.example", nil)
					if err == nil {
						_, err = seam.Client("linkedin").Do(req) //nolint:bodyclose // there is no answer
					}
					if !fault.Is(err, fault.Canceled) {
						t.Errorf("the call that holds the place: %v", err)
					}
				})
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), test.limit)
				defer cancel()
				began := time.Now()

				_, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")

				f := requireFault(t, err)
				require.Equal(t, test.kind, f.Kind)
				require.Equal(t, test.reason, f.Reason)
				require.Contains(t, f.Message, test.message)
				require.False(t, f.Doubt)
				require.Equal(t, test.after, time.Since(began))
				stop()
				group.Wait()
			})
		})
	}
}

func TestAKeptConnectionIsUsedAgainAndLetGoWhenIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), DefaultPolicies())
		var dialled, open atomic.Int32
		pipe(seam, func(conn net.Conn) {
			dialled.Add(1)
			open.Add(1)
			defer open.Add(-1)
			for readRequest(conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		for range 3 {
			_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
			require.NoError(t, err)
			synctest.Wait()
		}
		require.Equal(t, int32(1), dialled.Load())
		time.Sleep(Defaults().IdleTimeout + time.Second)
		synctest.Wait()
		require.Zero(t, open.Load())
	})
}

// net/http would read a megabyte of them by itself, and of as many answers as there are connections.
func TestAnAnswersHeadersAreBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bytes int
		taken bool
	}{
		"as many as vendors send": {8 << 10, true},
		"below the limit":         {maxHeaderBytes - 1<<10, true},
		"beyond it":               {maxHeaderBytes + 1<<10, false},
		"half a megabyte":         {512 << 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := listen(t, func(_ int, conn net.Conn) {
				if readRequest(conn) {
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Filler: "+strings.Repeat("x", test.bytes)+"\r\n\r\n{}")
				}
			})
			seam, seen := newSeam(t, Defaults(), DefaultPolicies())
			status, body, err := send(t.Context(), seam, http.MethodPost, address)
			require.Equal(t, !test.taken, seen.only(t).failed)
			if test.taken {
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, "{}", body)
				return
			}
			f := requireFault(t, err)
			require.Equal(t, ReasonBadAnswer, f.Reason)
			require.True(t, f.Doubt, "the vendor has the request, and may have done it")
		})
	}
}
