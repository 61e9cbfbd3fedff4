package notify

import (
	"cmp"
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
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// What becomes of a message when a push service has a bad day is made to happen, and is what docs/failures.md says.
func TestBadDayOfAPushService(t *testing.T) {
	t.Parallel()
	key, err := webpush.NewKey()
	require.NoError(t, err)
	vendors := sandbox.New(sandbox.Options{Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(vendors.Handler())
	t.Cleanup(server.Close)
	says := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	anywhere, nobody := reach.Reach{Private: true, HTTP: true}, "http://"+deaf(t)
	const leftAlone = "it is left alone, having not answered several times in a row"
	var table strings.Builder
	table.WriteString("| what is wrong | it is | may have gone out | tried again after |\n|---|---|---|---|\n")
	for _, c := range []struct {
		what     string
		where    reach.Reach
		endpoint string
		answer   http.HandlerFunc
	}{
		{"it can not be reached", anywhere, nobody, nil},
		{leftAlone, anywhere, nobody, nil},
		{"it has an address that is not public", reach.Reach{HTTP: true}, "", nil},
		{"it breaks off once it has the message", anywhere, "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"it takes no more for now (429)", anywhere, "", says(http.StatusTooManyRequests)},
		{"it is down (408, 5xx)", anywhere, "", says(http.StatusBadGateway)},
		{"the subscription is gone (404, 410): it is removed", anywhere, "", says(http.StatusGone)},
		{"it does not take the key (401, 403)", anywhere, "", says(http.StatusForbidden)},
		{"it answers with a redirect", anywhere, "", says(http.StatusTemporaryRedirect)},
		{"it refuses the message (another 4xx)", anywhere, "", says(http.StatusBadRequest)},
	} {
		policies := outbound.DefaultPolicies()
		policies.Breaker.Failures = 1
		seam := outbound.New(outbound.Defaults(), policies, outbound.Unobserved{}, slog.New(slog.DiscardHandler))
		t.Cleanup(seam.Close)
		client, err := webpush.New(webpush.Config{PrivateKey: key, Contact: "ops@example.org", Reach: c.where}, seam, time.Now)
		require.NoError(t, err)
		browser, err := vendors.Subscribe(server.URL, client.PublicKey())
		require.NoError(t, err)
		browser.Answers(c.answer)
		to := webpush.Subscription{Endpoint: cmp.Or(c.endpoint, browser.Endpoint), P256dh: browser.P256dh, Auth: browser.Auth}
		push := func() error {
			return client.Push(t.Context(), to, payloadOf(Message{Subject: "Hello", Content: "Text"}))
		}
		if c.what == leftAlone {
			require.Error(t, push())
		}
		f := fault.Of(push())
		require.NotNil(t, f, c.what)
		require.Equal(t, c.what == leftAlone, f.Reason == outbound.ReasonBreakerOpen)
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
