package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"

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
	return NewConnections("", limitArrivals(time.Minute, refused, next))
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
	return newEdgeWith(stopping, t, small, callers, slog.New(slog.DiscardHandler)), stop
}

func TestRefusalsAreToldLaterWhileManyAreAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		edge, stop := newFullEdge(t)
		defer stop()
		var told atomic.Int64
		var calls sync.WaitGroup
		for range 1_000 {
			calls.Go(func() {
				edge.ServeHTTP(httptest.NewRecorder(), arrival(t.Context(), "192.0.2.1:1"))
				told.Add(1)
			})
		}
		synctest.Wait()
		require.Less(t, told.Load(), int64(100), "the others are told within a second")
		stop()
		synctest.Wait()
		require.EqualValues(t, 1_000, told.Load(), "a server that stops tells them at once")
		calls.Wait()
	})
}
