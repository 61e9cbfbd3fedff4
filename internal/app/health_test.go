package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

const (
	healthPath     = "/grpc.health.v1.Health/"
	reflectionPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
)

// stall begins so many calls without a key whose messages never come in, and returns once all but those that are kept open have
// ended.
func (w *world) stall(path string, begun, kept int, from func(i int) string) {
	w.T.Helper()
	transport := apptest.OverHTTP2()
	w.T.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithCancel(w.T.Context())
	ended := make(chan struct{}, begun)
	for i := range begun {
		body, unsent := io.Pipe()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+path, body)
		require.NoError(w.T, err)
		req.Header.Set("Content-Type", "application/grpc")
		req.Header.Set("X-From", from(i))
		go func() {
			if res, err := transport.RoundTrip(req); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
			_ = unsent.Close()
			ended <- struct{}{}
		}()
	}
	w.T.Cleanup(func() {
		cancel()
		for range kept {
			<-ended
		}
	})
	late := time.After(apptest.WaitLimit)
	for range begun - kept {
		select {
		case <-ended:
		case <-late:
			require.FailNow(w.T, "too many are open")
		}
	}
}

// An orchestrator that gets no answer takes the process for dead: strangers must not bring that about, not even from the
// address of the proxy that it comes through itself.
func TestNobodyKeepsAnOrchestratorFromAskingForHealth(t *testing.T) {
	t.Parallel()
	const proxy = "192.0.2.1"
	one := func(int) string { return proxy }
	many := func(i int) string { return fmt.Sprintf("198.51.100.%d", i%250) }
	for name, c := range map[string]struct {
		path        string
		begun, kept int
		from        func(i int) string
	}{
		"streams of reflection from its own address": {reflectionPath, 15, 10, one},
		"health's Watch from its own address":        {healthPath + "Watch", 15, 10, one},
		"streams from many addresses":                {reflectionPath, 120, 100, many},
		"checks that never come in":                  {healthPath + "Check", 1_050, 1_000, one},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *app.Config) { c.Server.ClientAddressHeader = "X-From" })
			w.App.ShortenWire(time.Hour, time.Hour) // it is not time that ends them
			w.Serve()
			w.stall(c.path, c.begun, c.kept, c.from)
			health, ctx := healthv1.NewHealthClient(w.GRPCConn()), metadata.AppendToOutgoingContext(t.Context(), "x-from", proxy)
			for range 20 {
				answer, err := health.Check(ctx, &healthv1.HealthCheckRequest{Service: "postwright.v1.PostService"})
				require.NoError(t, err)
				require.Equal(t, healthv1.HealthCheckResponse_SERVING, answer.GetStatus())
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/readyz", http.NoBody)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, w.Send(req).Status)
			}
		})
	}
}
