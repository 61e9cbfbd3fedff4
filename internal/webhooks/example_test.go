package webhooks_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/webhooks"
)

// receive is in docs/webhooks.md as it is here.
func receive(secret string, handle func(id, event string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil || verifier.Verify(body, r.Header) != nil {
			http.Error(w, "not signed by Postwright", http.StatusUnauthorized)
			return
		}
		var event struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &event); err != nil {
			http.Error(w, "not an event", http.StatusBadRequest)
			return
		}
		handle(r.Header.Get("webhook-id"), event.Type) // an id that was handled before is passed over
	}
}

func TestTheReceiverOfTheDocumentationReceives(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/webhooks.md")
	require.NoError(t, err)
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, code, _ := strings.Cut(string(source), "// receive is in docs/webhooks.md as it is here.\n")
	code, _, _ = strings.Cut(code, "\n}\n")
	require.Contains(t, string(page), "```go\n"+code+"\n}\n```")

	w := newWorld(t)
	w.Serve()
	got := make(chan string, 1)
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	_, secret := w.listen(server.URL, webhooks.PostCreated)
	handler = receive(secret, func(_, event string) { got <- event })
	w.createPost("Hello")
	require.Equal(t, webhooks.PostCreated, <-got)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(`{"type":"post.created"}`))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	for _, name := range webhooks.EventTypes() {
		require.Contains(t, string(page), "| `"+name+"` |")
	}
}
