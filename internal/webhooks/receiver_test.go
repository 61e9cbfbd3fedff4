package webhooks_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// receiver is an endpoint of somebody's, over real HTTP.
type receiver struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	received []received
	answer   http.HandlerFunc
}

// received is a request that reached one.
type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.received = append(r.received, received{req.Header.Clone(), body})
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(w, req)
	}
}

// answers has it answer so from now on.
func (r *receiver) answers(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// all are the requests that have reached it.
func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.received[:len(r.received):len(r.received)]
}

// id is the event's.
func (r received) id() string { return r.header.Get("webhook-id") }

// event is what the request says, once the library has found that it is signed with the secret.
func (r received) event(t *testing.T, secret string) (kind string, data map[string]any) {
	t.Helper()
	require.NoError(t, r.verify(t, secret))
	var m struct {
		Type      string
		Timestamp string
		Data      map[string]any
	}
	require.NoError(t, json.Unmarshal(r.body, &m))
	require.NotEmpty(t, m.Timestamp)
	return m.Type, m.Data
}

func (r received) verify(t *testing.T, secret string) error {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	return verifier.Verify(r.body, r.header)
}
