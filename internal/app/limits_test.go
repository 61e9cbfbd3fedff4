package app_test

import (
	"bytes"
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
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/telemetry"
)

// requireLimited fails unless the answer is that of a limit of ours, for this reason, in every form that callers look at.
func requireLimited(t *testing.T, a answer, reason string) {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, a.status, "%s", a.body)
	e := a.failure(t)
	require.Equal(t, "resource_exhausted", e.Code)
	details := map[string]string{}
	for _, d := range e.Details {
		details[d.Type] = string(d.Debug)
	}
	require.Contains(t, details["google.rpc.ErrorInfo"], reason)
	require.Contains(t, details, "google.rpc.RetryInfo")
	wait, err := strconv.Atoi(a.header.Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, wait)
}

func (w *world) getPost(key, id string, change ...func(*http.Request)) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+getPath, strings.NewReader(`{"id":"`+id+`"}`))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	for _, c := range change {
		c(req)
	}
	return w.send(req)
}

func TestACallerOverTheirRateIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.Server.KeyRate.Value, c.Server.KeyBurst.Value = 1, 3
		c.Server.Origins = []string{"https://app.example.org"}
	})
	w.serve()
	post := w.draft("Often")
	fromPage := func(r *http.Request) { r.Header.Set("Origin", "https://app.example.org") }
	good := w.getPost(w.key, post.GetId(), fromPage)
	require.Equal(t, http.StatusOK, good.status, "%s", good.body)
	require.Equal(t, "3", good.header.Get("RateLimit-Limit"))
	require.NotEmpty(t, good.header.Get("RateLimit-Remaining"))
	require.NotEmpty(t, good.header.Get("RateLimit-Reset"))
	for _, name := range []string{"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} {
		require.Contains(t, strings.ToLower(good.header.Get("Access-Control-Expose-Headers")), strings.ToLower(name))
	}
	var refused answer
	for refused.status != http.StatusTooManyRequests {
		refused = w.getPost(w.key, post.GetId())
	}
	requireLimited(t, refused, "RATE_LIMIT")
	require.Equal(t, "0", refused.header.Get("RateLimit-Remaining"))
	require.Equal(t, http.StatusNotFound, w.getPost(w.user("quiet@example.org"), post.GetId()).status, "others have their own")

	transport := overHTTP2()
	t.Cleanup(transport.CloseIdleConnections)
	client := postwrightv1connect.NewPostServiceClient(w.clientOver(transport, w.key, connecthttp.WithGRPC()))
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
	w.serve()
	post := w.draft("Known")
	from := func(addresses ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["X-Forwarded-For"] = addresses }
	}
	wrong := func(i int) string { return fmt.Sprintf("pw_%010x_%064x", i, i) }
	home := from("203.0.113.9, 192.0.2.1")
	require.Equal(t, http.StatusOK, w.getPost(w.key, post.GetId(), home).status)
	i := 0
	for ; w.getPost(wrong(i), post.GetId(), home).status == http.StatusUnauthorized; i++ {
		require.Less(t, i, 1_000)
	}
	requireLimited(t, w.getPost(wrong(i), post.GetId(), home), "WRONG_KEYS")
	requireLimited(t, w.getPost("", post.GetId(), home), "WRONG_KEYS")
	require.Equal(t, http.StatusOK, w.getPost(w.key, post.GetId(), home).status, "a key that was right before is not held up")
	requireLimited(t, w.getPost(wrong(i), post.GetId(), from("198.51.100.1, 192.0.2.1")), "WRONG_KEYS") // what a caller puts before the proxy's entry
	requireLimited(t, w.getPost(wrong(i), post.GetId(), from("198.51.100.2", "192.0.2.1:4711")), "WRONG_KEYS")
	require.Equal(t, http.StatusUnauthorized, w.getPost(wrong(i), post.GetId(), from("192.0.2.2")).status, "another address")
}

func TestAHeaderThatIsNotConfiguredIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.WrongKeyBurst.Value = 2 })
	w.serve()
	var refused answer
	for i := 0; refused.status != http.StatusTooManyRequests; i++ {
		require.Less(t, i, 1_000)
		refused = w.getPost("wrong", "", func(r *http.Request) {
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
	w.serve()
	other := postwrightv1connect.NewAnalysisServiceClient(w.client(w.user("quiet@example.org")))
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Slow, AfterMS: 300_000, Times: 2}))
	ctx := t.Context()
	loud := postwrightv1connect.NewAnalysisServiceClient(w.client(w.key))
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
	require.Eventually(t, func() bool { return len(w.vendors.Armed()) == 0 }, waitLimit, waitStep, "both are with the vendor")
	_, err := other.AnalyzeSentiment(t.Context(), &postwrightv1.AnalyzeSentimentRequest{Text: "Quiet"})
	require.NoError(t, err)
	requireLimited(t, w.getPost(w.key, ""), "TOO_MANY_CALLS")
}

func TestAConsentCanNotBeGuessedAtAnySpeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	var refused answer
	for i := 0; refused.status != http.StatusTooManyRequests; i++ {
		require.Less(t, i, 1_000)
		refused = w.get(w.url + fmt.Sprintf("/oauth/linkedin/callback?code=x&state=%d", i))
	}
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	require.Contains(t, string(refused.body), "Too many consents")
}

func TestAFloodOfRefusedCallsFillsNoLog(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	w := newLoggedWorld(t, slog.New(slog.NewJSONHandler(&log, nil)), func(c *app.Config) { c.Server.WrongKeyBurst.Value = 2 })
	w.serve()
	refused := 0
	for range 100 {
		if w.getPost("wrong", "").status == http.StatusTooManyRequests {
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
	metrics := string(w.get(w.url + "/metrics").body)
	require.Contains(t, metrics, fmt.Sprintf(`rpc_refused_total{reason="WRONG_KEYS"} %d`, refused))
}

// Anybody can come back with a consent that is made up, from as many addresses as they have: each left a line in the log, and what
// was no consent at all was counted as one that went well.
func TestAFloodOfMadeUpConsentsFillsNoLog(t *testing.T) {
	t.Parallel()
	out := &logged{}
	const header = "X-Real-Ip"
	w := newLoggedWorld(t, telemetry.NewLogger(out, slog.LevelDebug, true), func(c *app.Config) { c.Server.ClientAddressHeader = header })
	w.serve()
	const each = 30
	for _, query := range []string{"", "?code=x", "?code=x&state=%d", "?error=server_error", "?error=server_error&state=%d", "?error=made-up-%d"} {
		for i := range each {
			at := w.url + "/oauth/linkedin/callback" + strings.ReplaceAll(query, "%d", strconv.Itoa(i))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
			require.NoError(t, err)
			req.Header.Set(header, fmt.Sprintf("192.0.2.%d", i))
			require.Equal(t, http.StatusBadRequest, w.send(req).status)
		}
	}
	require.Len(t, out.lines(t, "consent failed"), 2, "one for those without a code that is known, and one for LinkedIn's trouble")
	require.Empty(t, out.lines(t, "consent"))
	counted := w.scrape()
	require.InDelta(t, 4*each, counted["rpc_calls_total code=failed_precondition procedure=/oauth/linkedin/callback"], 0)
	require.InDelta(t, 2*each, counted["rpc_calls_total code=server_error procedure=/oauth/linkedin/callback"], 0)
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func TestEverySettingOfTheServersLimitsIsChecked(t *testing.T) {
	t.Parallel()
	for flag, wrong := range map[string]func(*app.ServerConfig){
		"--server-shutdown-grace":        func(c *app.ServerConfig) { c.ShutdownGrace.Value = 0 },
		"--server-shutdown-delay":        func(c *app.ServerConfig) { c.ShutdownDelay.Value = c.ShutdownGrace.Value },
		"--server-client-address-header": func(c *app.ServerConfig) { c.ClientAddressHeader = "Forwarded" },
		"--server-key-rate":              func(c *app.ServerConfig) { c.KeyRate.Value = -1 },
		"--server-key-burst":             func(c *app.ServerConfig) { c.KeyBurst.Value = 0 },
		"--server-owner-rate":            func(c *app.ServerConfig) { _ = c.OwnerRate.UnmarshalText([]byte("fast")) },
		"--server-owner-burst":           func(c *app.ServerConfig) { c.OwnerBurst.Value = 0 },
		"--server-owner-calls":           func(c *app.ServerConfig) { c.OwnerCalls.Value = -1 },
		"--server-wrong-key-rate":        func(c *app.ServerConfig) { c.WrongKeyRate.Value = -1 },
		"--server-wrong-key-burst":       func(c *app.ServerConfig) { c.WrongKeyBurst.Value = 0 },
	} {
		cfg := app.Defaults()
		cfg.Database.URL = "postgres://127.0.0.1/x"
		require.NoError(t, cfg.Verify())
		wrong(&cfg.Server)
		require.ErrorContains(t, cfg.Verify(), flag)
	}
}
