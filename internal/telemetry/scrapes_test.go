package telemetry

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
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
