package outbound

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the seam costs beside the call itself: a call through it, and the same through a client of net/http's.
//
//	go test -run '^$' -bench Call -count 10 ./internal/outbound > new && benchstat -col /via new
func BenchmarkCall(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"ok":true}`) }))
	b.Cleanup(server.Close)
	seam := New(Defaults(), DefaultPolicies(), Unobserved{}, slog.New(slog.DiscardHandler))
	b.Cleanup(seam.Close)
	bare := &http.Transport{}
	b.Cleanup(bare.CloseIdleConnections)
	for _, via := range []struct {
		name   string
		client *http.Client
	}{{"seam", seam.Client("linkedin")}, {"http", &http.Client{Transport: bare}}} {
		b.Run("via="+via.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := WithOperation(b.Context(), "getPost")
			for b.Loop() {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
				require.NoError(b, err)
				res, err := via.client.Do(req)
				require.NoError(b, err)
				_, err = io.Copy(io.Discard, res.Body)
				require.NoError(b, err)
				require.NoError(b, res.Body.Close())
			}
		})
	}
}
