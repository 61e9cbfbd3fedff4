package telemetry

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Connections that take nothing of their page, however many, keep nobody else from theirs, nor many pages in memory.
func TestScrapersThatReadNothingKeepNobodyFromTheMetrics(t *testing.T) {
	t.Parallel()
	for name, idle := range map[string]int{"ten": 10, "more than pages are held": maxTakers + 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			metrics := NewMetrics()
			for n := range 100 { // much more than the buffers of a connection hold
				metrics.ObserveCall(fmt.Sprintf("/postwright.v1.PostService/Procedure%d", n), "ok", time.Second)
			}
			pages, ok := metrics.Handler().(*scrapes)
			require.True(t, ok)
			var open atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				open.Add(1)
				defer open.Add(-1)
				pages.ServeHTTP(w, r)
			}))
			server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
				if tcp, ok := c.(*net.TCPConn); ok {
					_ = tcp.SetWriteBuffer(4 << 10)
				}
				return ctx
			}
			server.Start()
			t.Cleanup(server.Close)
			for range idle {
				conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
				require.NoError(t, err)
				t.Cleanup(func() { _ = conn.Close() })
				tcp, ok := conn.(*net.TCPConn)
				require.True(t, ok)
				require.NoError(t, tcp.SetReadBuffer(4<<10))
				_, err = io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: postwright\r\n\r\n")
				require.NoError(t, err)
			}
			require.Eventually(t, func() bool { return pages.takers.Count() == min(idle, maxTakers) }, 2*time.Minute, 10*time.Millisecond)

			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/metrics", http.NoBody)
			require.NoError(t, err)
			answer, err := server.Client().Do(req)
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			require.Equal(t, http.StatusOK, answer.StatusCode)
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Contains(t, string(body), "Procedure99")
			require.LessOrEqual(t, pages.takers.Count(), maxTakers)
			require.Eventually(t, func() bool { return open.Load() <= maxTakers }, 2*time.Minute, 10*time.Millisecond, "the others are cut off")
		})
	}
}

// Each of 1,500 who asked got a rendering of their own, and a scrape waited six seconds behind them.
func TestOneRenderingServesAllWhoWaitForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const askers = 1_500
		var renderings atomic.Int64
		pages := newScrapes(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			renderings.Add(1)
			_, _ = io.WriteString(w, time.Now().Format(time.RFC3339Nano))
			time.Sleep(time.Second) // of the bubble's clock
		}))
		var all sync.WaitGroup
		for i := range askers {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/metrics?name[]=%d", i), http.NoBody)
				r.Header.Set("Accept", fmt.Sprintf("application/x%d,text/plain;q=0.5", i)) // another wish, the same answer
				r.Header.Set("Accept-Encoding", fmt.Sprintf("x%d", i))
				asked, answer := time.Now(), httptest.NewRecorder()
				pages.ServeHTTP(answer, r)
				began, err := time.Parse(time.RFC3339Nano, answer.Body.String())
				if err != nil || began.Before(asked) || time.Since(asked) > 2*time.Second {
					t.Errorf("asked at %s, answered at %s with a page of %q", asked, time.Now(), answer.Body)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 3, renderings.Load(), "for the first, for those of its second, and for the others")
		require.Empty(t, pages.next)
	})
}

// Whoever comes first may leave before it is their turn, or break down: the others are answered all the same.
func TestWhoRendersForAllMayLeaveOrPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := atomic.Bool{}
		pages := newScrapes(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second) // of the bubble's clock
			if broken.Load() {
				panic("broken")
			}
			_, _ = io.WriteString(w, "page")
		}))
		ask := func(ctx context.Context) *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			defer func() { _ = recover() }() // as the server does
			pages.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody))
			return answer
		}
		var all sync.WaitGroup
		all.Go(func() { ask(t.Context()) })
		synctest.Wait()
		left, leave := context.WithCancel(t.Context())
		all.Go(func() { ask(left) }) // the first of those for whom the next is
		synctest.Wait()
		leave()
		require.Equal(t, "page", ask(t.Context()).Body.String())
		all.Wait()
		broken.Store(true)
		all.Go(func() { ask(t.Context()) })
		synctest.Wait()
		all.Go(func() { ask(t.Context()) })
		synctest.Wait()
		require.Equal(t, http.StatusInternalServerError, ask(t.Context()).Code)
		all.Wait()
		broken.Store(false)
		require.Equal(t, "page", ask(t.Context()).Body.String())
	})
}

func TestMetricsAreCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	pages := NewMetrics().Handler()
	for accepts, encoding := range map[string]string{
		"": "", "gzip": "gzip", "br, GZIP;q=0.5": "gzip", "gzip; q=0": "", "gzip;q=0.0, br": "", "deflate": "",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		r.Header.Set("Accept-Encoding", accepts)
		answer := httptest.NewRecorder()
		pages.ServeHTTP(answer, r)
		require.Equal(t, http.StatusOK, answer.Code)
		require.Equal(t, encoding, answer.Header().Get("Content-Encoding"), accepts)
	}
}
