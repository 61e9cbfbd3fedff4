package rpc_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

// requireLimited fails unless the answer is that of a limit of ours, for this reason, in every form that callers look at.
func requireLimited(t *testing.T, a apptest.Answer, reason string) {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, a.Status, "%s", a.Body)
	e := a.Failure(t)
	require.Equal(t, "resource_exhausted", e.Code)
	details := map[string]string{}
	for _, d := range e.Details {
		details[d.Type] = string(d.Debug)
	}
	require.Contains(t, details["google.rpc.ErrorInfo"], reason)
	require.Contains(t, details, "google.rpc.RetryInfo")
	wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, wait)
}

func TestACallerOverTheirRateIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.Server.KeyRate.Value, c.Server.KeyBurst.Value = 1, 3
		c.Server.Origins = []string{"https://app.example.org"}
	})
	w.Serve()
	post := w.Draft("Often")
	fromPage := func(r *http.Request) { r.Header.Set("Origin", "https://app.example.org") }
	good := w.GetPost(w.Key, post.GetId(), fromPage)
	require.Equal(t, http.StatusOK, good.Status, "%s", good.Body)
	require.Equal(t, "3", good.Header.Get("RateLimit-Limit"))
	require.NotEmpty(t, good.Header.Get("RateLimit-Remaining"))
	require.NotEmpty(t, good.Header.Get("RateLimit-Reset"))
	for _, name := range []string{"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} {
		require.Contains(t, strings.ToLower(good.Header.Get("Access-Control-Expose-Headers")), strings.ToLower(name))
	}
	var refused apptest.Answer
	for refused.Status != http.StatusTooManyRequests {
		refused = w.GetPost(w.Key, post.GetId())
	}
	requireLimited(t, refused, "RATE_LIMIT")
	require.Equal(t, "0", refused.Header.Get("RateLimit-Remaining"))
	require.Equal(t, http.StatusNotFound, w.GetPost(w.User("quiet@example.org"), post.GetId()).Status, "others have their own")

	transport := apptest.OverHTTP2()
	t.Cleanup(transport.CloseIdleConnections)
	client := postwrightv1connect.NewPostServiceClient(w.ClientOver(transport, w.Key, connecthttp.WithGRPC()))
	for {
		ctx, info := connect.NewClientContext(t.Context())
		if _, err := client.GetPost(ctx, &postwrightv1.GetPostRequest{Id: post.GetId()}); err != nil {
			require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err))
			require.NotEmpty(t, info.ResponseHeader().Get("Retry-After")+info.ResponseTrailer().Get("Retry-After"), "over gRPC too")
			break
		}
	}
}

func TestWrongKeysOfOneAddressAreSlowedAndNobodyElseIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.Server.ClientAddressHeader = "X-Forwarded-For"
		c.Server.WrongKeyBurst.Value = 3
	})
	w.Serve()
	post := w.Draft("Known")
	from := func(addresses ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["X-Forwarded-For"] = addresses }
	}
	wrong := func(i int) string { return fmt.Sprintf("pw_%010x_%064x", i, i) }
	home := from("203.0.113.9, 192.0.2.1")
	require.Equal(t, http.StatusOK, w.GetPost(w.Key, post.GetId(), home).Status)
	i := 0
	for ; w.GetPost(wrong(i), post.GetId(), home).Status == http.StatusUnauthorized; i++ {
		require.Less(t, i, 1_000)
	}
	requireLimited(t, w.GetPost(wrong(i), post.GetId(), home), "WRONG_KEYS")
	requireLimited(t, w.GetPost("", post.GetId(), home), "WRONG_KEYS")
	require.Equal(t, http.StatusOK, w.GetPost(w.Key, post.GetId(), home).Status, "a key that was right before is not held up")
	requireLimited(t, w.GetPost(wrong(i), post.GetId(), from("198.51.100.1, 192.0.2.1")), "WRONG_KEYS") // what a caller puts before the proxy's entry
	requireLimited(t, w.GetPost(wrong(i), post.GetId(), from("198.51.100.2", "192.0.2.1:4711")), "WRONG_KEYS")
	require.Equal(t, http.StatusUnauthorized, w.GetPost(wrong(i), post.GetId(), from("192.0.2.2")).Status, "another address")
}

func TestAHeaderThatIsNotConfiguredIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.WrongKeyBurst.Value = 2 })
	w.Serve()
	var refused apptest.Answer
	for i := 0; refused.Status != http.StatusTooManyRequests; i++ {
		require.Less(t, i, 1_000)
		refused = w.GetPost("wrong", "", func(r *http.Request) {
			for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Cf-Connecting-Ip"} {
				r.Header.Set(name, fmt.Sprintf("198.51.100.%d", i%250))
			}
		})
	}
	requireLimited(t, refused, "WRONG_KEYS")
}

func TestOneOwnersSlowCallsLeaveTheOthersTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.OwnerCalls.Value = 2 })
	w.Serve()
	other := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.User("quiet@example.org")))
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Slow, AfterMS: 300_000, Times: 2}))
	ctx := t.Context()
	loud := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	codes := make(chan connect.Code, 100)
	var calls sync.WaitGroup
	for range cap(codes) {
		calls.Go(func() {
			_, err := loud.AnalyzeSentiment(ctx, &postwrightv1.AnalyzeSentimentRequest{Text: "Loud"})
			codes <- connect.CodeOf(err)
		})
	}
	// 2 are carried out and 20 wait; the others are refused at once.
	for range cap(codes) - 22 {
		require.Equal(t, connect.CodeResourceExhausted, <-codes)
	}
	require.Eventually(t, func() bool { return len(w.Vendors.Armed()) == 0 }, apptest.WaitLimit, apptest.WaitStep, "both are with the vendor")
	_, err := other.AnalyzeSentiment(t.Context(), &postwrightv1.AnalyzeSentimentRequest{Text: "Quiet"})
	require.NoError(t, err)
	requireLimited(t, w.GetPost(w.Key, ""), "TOO_MANY_CALLS")
}

func TestAConsentCanNotBeGuessedAtAnySpeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	var refused apptest.Answer
	for i := 0; refused.Status != http.StatusTooManyRequests; i++ {
		require.Less(t, i, 1_000)
		refused = w.Get(w.URL + fmt.Sprintf("/oauth/linkedin/callback?code=x&state=%d", i))
	}
	require.NotEmpty(t, refused.Header.Get("Retry-After"))
	require.Contains(t, string(refused.Body), "Too many consents")
}

func TestAFloodOfRefusedCallsFillsNoLog(t *testing.T) {
	t.Parallel()
	var log apptest.Log
	w := newLoggedWorld(t, slog.New(slog.NewJSONHandler(&log, nil)), func(c *app.Config) { c.Server.WrongKeyBurst.Value = 2 })
	w.Serve()
	refused := 0
	for range 100 {
		if w.GetPost("wrong", "").Status == http.StatusTooManyRequests {
			refused++
		}
	}
	require.Greater(t, refused, 50)
	told := 0
	for line := range strings.Lines(log.String()) {
		var l struct{ Msg, Code string }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		if l.Msg == "call" && l.Code == "resource_exhausted" {
			told++
		}
	}
	require.Equal(t, 1, told, "one a minute")
	metrics := string(w.Get(w.URL + "/metrics").Body)
	require.Contains(t, metrics, fmt.Sprintf(`rpc_refused_total{reason="WRONG_KEYS"} %d`, refused))
}

// Anybody can come back with a consent that is made up, from as many addresses as they have: each left a line in the log, and
// what was no consent at all was counted as one that went well.
func TestAFloodOfMadeUpConsentsFillsNoLog(t *testing.T) {
	t.Parallel()
	var log apptest.Log
	const header = "X-Real-Ip"
	w := newLoggedWorld(t, slog.New(slog.NewJSONHandler(&log, nil)), func(c *app.Config) { c.Server.ClientAddressHeader = header })
	w.Serve()
	const each = 30
	for _, query := range []string{"", "?code=x", "?code=x&state=%d", "?error=server_error", "?error=server_error&state=%d", "?error=made-up-%d"} {
		for i := range each {
			at := w.URL + "/oauth/linkedin/callback" + strings.ReplaceAll(query, "%d", strconv.Itoa(i))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
			require.NoError(t, err)
			req.Header.Set(header, fmt.Sprintf("192.0.2.%d", i))
			require.Equal(t, http.StatusBadRequest, w.Send(req).Status)
		}
	}
	told := map[string]int{}
	for line := range strings.Lines(log.String()) {
		var l struct{ Msg string }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		told[l.Msg]++
	}
	require.Equal(t, 2, told["consent failed"], "one for those without a code that is known, and one for LinkedIn's trouble")
	require.Zero(t, told["consent"])
	counted := w.Scrape()
	require.InDelta(t, 4*each, counted["rpc_calls_total code=failed_precondition procedure=/oauth/linkedin/callback"], 0)
	require.InDelta(t, 2*each, counted["rpc_calls_total code=server_error procedure=/oauth/linkedin/callback"], 0)
}
