package rpc

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/limit"
)

func arrival(ctx context.Context, address string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/postwright.v1.PostService/GetPost", strings.NewReader(`{}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer key")
	r.RemoteAddr = address
	return r
}

// doorOf is a door before a handler, with the connections around it.
func doorOf(next http.HandlerFunc) http.Handler {
	refused := func(_ context.Context, _ string, err error) *connect.Error { return ToConnect(err, "") }
	return NewConnections("", 16<<10, limitArrivals(time.Minute, refused, next))
}

// What is not yet known to be served is looked at a few calls at a time, or a thousand refusals at once are what the others wait
// behind.
func TestOfOneAddressAFewCallsAreLookedAtAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at, most, all atomic.Int64
		handler := doorOf(func(http.ResponseWriter, *http.Request) {
			most.Store(max(most.Load(), at.Add(1)))
			defer at.Add(-1)
			all.Add(1)
			time.Sleep(time.Millisecond) // of the bubble's clock
		})
		var calls sync.WaitGroup
		for range 1_000 {
			calls.Go(func() { handler.ServeHTTP(httptest.NewRecorder(), arrival(t.Context(), "192.0.2.1:1")) })
		}
		calls.Wait()
		require.EqualValues(t, arrivalPlaces, most.Load())
		require.EqualValues(t, 1_000, all.Load())
	})
}

func TestCallsThatWaitBehindTheDoorHoldNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end, inside := make(chan struct{}), atomic.Int64{}
		handler := doorOf(func(_ http.ResponseWriter, r *http.Request) {
			leaveArrivals(r.Context())
			inside.Add(1)
			<-end
		})
		var calls sync.WaitGroup
		for range 10 * arrivalPlaces {
			calls.Go(func() { handler.ServeHTTP(httptest.NewRecorder(), arrival(t.Context(), "192.0.2.1:1")) })
		}
		synctest.Wait()
		require.EqualValues(t, 10*arrivalPlaces, inside.Load())
		close(end)
		calls.Wait()
	})
}

func TestWhoStandsBeforeAFullDoor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end, inside := make(chan struct{}), atomic.Int64{}
		handler := doorOf(func(http.ResponseWriter, *http.Request) {
			inside.Add(1)
			<-end
		})
		var calls sync.WaitGroup
		call := func(ctx context.Context, from string) *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, arrival(ctx, from))
			return answer
		}
		for range arrivalPlaces + arrivalQueue - 1 {
			calls.Go(func() { call(t.Context(), "192.0.2.1:1") })
		}
		synctest.Wait() // who leaves below comes after all of these
		left, leave := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			call(left, "192.0.2.1:1")
		}()
		synctest.Wait()
		refused := call(t.Context(), "192.0.2.1:2")
		require.Equal(t, http.StatusTooManyRequests, refused.Code)
		require.Contains(t, refused.Body.String(), limit.ReasonArrivals)
		require.Equal(t, "1", refused.Header().Get("Retry-After"))
		leave()
		<-gone
		require.EqualValues(t, arrivalPlaces, inside.Load(), "who left was not let in")
		calls.Go(func() { call(t.Context(), "198.51.100.7:1") })
		synctest.Wait()
		require.EqualValues(t, arrivalPlaces+1, inside.Load(), "another address has its own places")
		close(end)
		calls.Wait()
	})
}

// newFullEdge is an API whose only key may make one call in a long time, and what ends it.
func newFullEdge(t *testing.T) (edge http.Handler, stop func()) {
	t.Helper()
	stopping, stop := context.WithCancel(t.Context())
	once := limit.Rate{PerSecond: 1, Burst: 1}
	callers := limit.Config{OwnerCalls: 100, LookUps: 100, PerKey: once, PerOwner: once, WrongKeys: once}
	watched := Instrumentation{Log: slog.New(slog.DiscardHandler), Observe: func(string, string, time.Duration) {}}
	return newEdgeWith(stopping, t, small, callers, watched, NewDelay(stopping, 1_000)), stop
}

func TestRefusalsAreToldLaterWhileManyAreAskedFor(t *testing.T) {
	t.Parallel()
	const get = "/postwright.v1.PostService/GetPost"
	for name, c := range map[string]struct{ verb, path string }{
		"a key over its rate":    {http.MethodPost, get},
		"a path of nothing":      {http.MethodPost, "/wp-login.php"},
		"a verb that is refused": {http.MethodDelete, get},
		"a message that is none": {http.MethodGet, get + "?message=x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				edge, stop := newFullEdge(t)
				defer stop()
				requireToldLate(t, NewConnections("", 16<<10, edge), stop, c.verb, c.path)
			})
		})
	}
}

// What somebody thinks up who wants in as a member that comes back from LinkedIn, and what the address may not ask for any more.
func TestMadeUpConsentsAreToldLaterWhileManyAreAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rate  limit.Rate
		query string
	}{
		"of an address over its rate": {limit.Rate{PerSecond: 1, Burst: 1}, "?state=x&code=x"},
		"with no state":               {limit.Rate{}, "?code=x"},
		"that nobody waits for":       {limit.Rate{}, "?error=access_denied"},
		"where no token can be kept":  {limit.Rate{}, "?state=x&code=x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stopping, stop := context.WithCancel(t.Context())
				defer stop()
				addresses, inFlight := limit.NewAddresses(c.rate, time.Now), NewInFlight()
				addresses.Take(netip.MustParseAddr("192.0.2.1"))
				callback := NewCallback(&accounts.Service{}, time.Minute, addresses, NewDelay(stopping, 1_000), inFlight, Instrumentation{
					Log: slog.New(slog.DiscardHandler), Observe: func(string, string, time.Duration) {}, Refused: func(string) {},
					Traces: noop.NewTracerProvider(),
				})
				requireToldLate(t, NewConnections("", 16<<10, callback), stop, http.MethodGet, CallbackPath+c.query)
				require.Zero(t, inFlight.Count())
			})
		})
	}
}

// requireToldLate asks a thousand times for what is refused. It runs in a bubble.
func requireToldLate(t *testing.T, handler http.Handler, stop func(), verb, path string) {
	t.Helper()
	var told atomic.Int64
	began := time.Now()
	var calls sync.WaitGroup
	ask := func(from string) {
		r := arrival(t.Context(), from)
		answer := httptest.NewRecorder()
		r.Method = verb
		var err error
		r.URL, err = url.Parse(path)
		require.NoError(t, err)
		handler.ServeHTTP(answer, r)
		require.GreaterOrEqual(t, answer.Code, http.StatusBadRequest)
	}
	many := func() {
		for range 1_000 {
			calls.Go(func() {
				ask("192.0.2.1:1")
				told.Add(1)
			})
		}
		synctest.Wait()
	}
	many()
	require.Less(t, told.Load(), int64(100), "the others are told later")
	require.Zero(t, time.Since(began))
	calls.Go(func() { ask("198.51.100.7:1") })
	calls.Wait()
	require.LessOrEqual(t, time.Since(began), time.Second)
	many()
	stop()
	synctest.Wait()
	require.EqualValues(t, 2_000, told.Load(), "a server that stops tells them at once")
	calls.Wait()
}

// A path that a stranger thinks up was the label of a metric where it was refused at the door: each stayed for ever.
func TestAFullDoorCountsNoMadeUpPaths(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		var mu sync.Mutex
		refused := map[string]int{}
		edge := NewConnections("", 16<<10, newEdgeWith(t.Context(), t, small, limit.Config{OwnerCalls: 100, LookUps: 100}, Instrumentation{
			Log: slog.New(slog.DiscardHandler),
			Observe: func(procedure, code string, _ time.Duration) {
				if code == connect.CodeResourceExhausted.String() {
					mu.Lock()
					defer mu.Unlock()
					refused[procedure]++
					return
				}
				<-end // that takes a place
			},
		}, func(context.Context, uuid.UUID) {}))
		var calls sync.WaitGroup
		call := func(path string) {
			r := arrival(t.Context(), "192.0.2.1:1")
			r.URL.Path = path
			edge.ServeHTTP(httptest.NewRecorder(), r)
		}
		for range arrivalPlaces + arrivalQueue {
			calls.Go(func() { call("/nothing") })
		}
		synctest.Wait()
		for i := range 100 {
			call(fmt.Sprintf("/made-up/%d", i))
		}
		call("/postwright.v1.PostService/GetPost")
		require.Equal(t, map[string]int{noMethod: 100, "/postwright.v1.PostService/GetPost": 1}, refused)
		close(end)
		calls.Wait()
	})
}

// A GET whose body does not come kept its place at the door for as long as a request may take: 32 of them, without a key, kept
// out all others of their address.
func TestABodyThatDoesNotComeHoldsNobodyUpAtTheDoor(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"read", "closed"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var inside atomic.Int64
				handler := doorOf(func(_ http.ResponseWriter, r *http.Request) {
					inside.Add(1)
					if what == "closed" {
						_ = r.Body.Close()
					}
					_, _ = r.Body.Read(make([]byte, 1))
				})
				end := make(chan struct{})
				var calls sync.WaitGroup
				for range 10 * arrivalPlaces {
					calls.Go(func() {
						r := arrival(t.Context(), "192.0.2.1:1")
						r.Body = stalledBody(end)
						handler.ServeHTTP(httptest.NewRecorder(), r)
					})
				}
				synctest.Wait()
				require.EqualValues(t, 10*arrivalPlaces, inside.Load())
				close(end)
				calls.Wait()
			})
		})
	}
}

// stalledBody is a body that does not come until it ends.
type stalledBody chan struct{}

func (b stalledBody) Read([]byte) (int, error) {
	<-b
	return 0, io.EOF
}

func (b stalledBody) Close() error {
	<-b
	return nil
}

func TestAGetWhoseBodyDoesNotComeIsRefusedSoon(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(NewConnections("", 16<<10, newEdge(t, small, slog.New(slog.DiscardHandler))))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Start()
	t.Cleanup(server.Close)
	const get = "GET /postwright.v1.PostService/GetPost?encoding=json&message=%7B%7D HTTP/1.1\r\nHost: x\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"that does not come": {"", http.StatusBadRequest, "this one has a body"},
		"that is empty":      {"0\r\n\r\n", http.StatusUnauthorized, "Send an API key"}, // what comes next
		"that is cut off":    {"5\r\nab", http.StatusBadRequest, "this one has a body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second))) // the server of this test sets none
			_, err = io.WriteString(conn, get+c.body)
			require.NoError(t, err)
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			words, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, answer.StatusCode)
			require.Contains(t, string(words), c.want)
		})
	}
}

// What breaks HTTP's rules behind its head was told as a fault of the server's, in a library's words, and logged as an error.
func TestABodyThatBreaksHTTPsRulesIsTheCallersFault(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(NewConnections("", 16<<10, newEdge(t, small, slog.New(slog.DiscardHandler))))
	t.Cleanup(server.Close)
	const head = "POST /postwright.v1.PostService/CreatePost HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n" +
		"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, body := range map[string]string{
		"a chunk of no length":   "zz\r\n{}\r\n0\r\n\r\n",
		"more around than in it": strings.Repeat("1;"+strings.Repeat("a", 100)+"\r\n \r\n", 1_000),
		"trailers without end":   "2\r\n{}\r\n0\r\n" + strings.Repeat("X: a\r\n", 10_000) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			go func() { _, _ = io.WriteString(conn, head+body) }() // the server may not take all of it
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			require.Equal(t, http.StatusBadRequest, answer.StatusCode)
			words, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Contains(t, string(words), "its body breaks HTTP's rules")
		})
	}
}
