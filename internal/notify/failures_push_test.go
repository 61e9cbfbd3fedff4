package notify

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// What becomes of a message when a push service has a bad day is made to happen, and is what docs/failures.md says.
func TestBadDayOfAPushService(t *testing.T) {
	t.Parallel()
	key, err := webpush.NewKey()
	require.NoError(t, err)
	client := func(where reach.Reach) *webpush.Client {
		c, err := webpush.New(webpush.Config{PrivateKey: key, Contact: "ops@example.org", Reach: where}, unmeasured{}, time.Now)
		require.NoError(t, err)
		return c
	}
	anywhere, public := client(reach.Reach{Private: true, HTTP: true}), client(reach.Reach{HTTP: true})
	vendors := sandbox.New(sandbox.Options{Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(vendors.Handler())
	t.Cleanup(server.Close)
	says := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	var table strings.Builder
	table.WriteString("| what is wrong | it is | may have gone out | tried again after |\n|---|---|---|---|\n")
	for _, c := range []struct {
		what     string
		client   *webpush.Client
		endpoint string
		answer   http.HandlerFunc
	}{
		{"it can not be reached", anywhere, "http://" + deaf(t), nil},
		{"it has an address that is not public", public, "", nil},
		{"it breaks off once it has the message", anywhere, "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"it takes no more for now (429)", anywhere, "", says(http.StatusTooManyRequests)},
		{"it is down (408, 5xx)", anywhere, "", says(http.StatusBadGateway)},
		{"the subscription is gone (404, 410): it is removed", anywhere, "", says(http.StatusGone)},
		{"it does not take the key (401, 403)", anywhere, "", says(http.StatusForbidden)},
		{"it answers with a redirect", anywhere, "", says(http.StatusTemporaryRedirect)},
		{"it refuses the message (another 4xx)", anywhere, "", says(http.StatusBadRequest)},
	} {
		browser, err := vendors.Subscribe(server.URL, c.client.PublicKey())
		require.NoError(t, err)
		browser.Answers(c.answer)
		to := webpush.Subscription{Endpoint: browser.Endpoint, P256dh: browser.P256dh, Auth: browser.Auth}
		if c.endpoint != "" {
			to.Endpoint = c.endpoint
		}
		f := fault.Of(c.client.Push(t.Context(), to, payloadOf(Message{Subject: "Hello", Content: "Text"})))
		require.NotNil(t, f, c.what)
		require.Empty(t, browser.Read(), c.what)
		doubt, after := "", "never: it is given up"
		if f.Doubt {
			doubt = "yes"
		}
		if again(f, 1) > 0 {
			after = "1m, 5m, 30m, 2h, 6h"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", c.what, f.Kind, doubt, after)
	}
	const path, begin, end = "../../docs/failures.md", "<!-- push service -->\n", "<!-- end of push service -->"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), begin)
	require.True(t, found)
	there, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+table.String()+end+after), 0o600))
		return
	}
	require.Equal(t, table.String(), there, "go test ./internal/notify -run BadDayOfAPush -update writes it anew")
}
