package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/telemetry"
)

// logged collects lines in JSON.
type logged struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

// lines returns the lines with a message; "" stands for all.
func (l *logged) lines(t *testing.T, message string) (found []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.out.String()) {
		var values map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &values), line)
		if message == "" || values["msg"] == message {
			found = append(found, values)
		}
	}
	return found
}

func TestTheFiguresSayWhatTheDatabaseHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post, _ := w.Publish(w.Draft("Counted"))
	require.Equal(t, published, post.GetState())
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.AcceptThenDrop, Times: 1}))
	post, _ = w.Publish(w.Draft("In doubt"))
	require.Equal(t, unconfirmed, post.GetState())
	samples := w.Scrape()
	account := post.GetAccountId()
	for key, value := range map[string]float64{
		"postwright_publications state=unconfirmed": 1, "postwright_publications state=publishing": 0, "postwright_publications state=queued": 0,
		"postwright_workers_alive": 1, "postwright_publishing_held": 0, "postwright_publication_overdue_seconds": 0,
		"postwright_linkedin_creates_today account=" + account:                     2,
		"rpc_calls_total code=ok procedure=/postwright.v1.PostService/PublishPost": 2,
	} {
		got, there := samples[key]
		require.True(t, there, key)
		require.InDelta(t, value, got, 0, key)
	}
	require.InDelta(t, 60, samples["postwright_account_token_days_left account="+account], 1)
	for _, grows := range []string{"postwright_publications state=published", "postwright_publications state=failed",
		"postwright_jobs state=completed"} {
		require.NotContains(t, samples, grows)
	}
	require.Contains(t, samples, "postwright_jobs state=available")
	require.Positive(t, samples["postwright_linkedin_version_days_left version="+w.Config.LinkedIn.Version])
}

func TestWithTheDatabaseAwayItsFiguresAreAbsentAndTheOthersThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Role = "api" })
	w.Serve()
	w.Draft("Before")
	elsewhere, err := url.Parse(w.DatabaseURL)
	require.NoError(t, err)
	name := strings.TrimPrefix(elsewhere.Path, "/")
	elsewhere.Path = "/postgres"
	admin, err := pgx.Connect(t.Context(), elsewhere.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	_, err = admin.Exec(t.Context(), "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS false")
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	require.NoError(t, err)

	samples := w.Scrape()

	for key := range samples {
		for _, gone := range []string{"postwright_jobs", "postwright_publication", "postwright_account", "postwright_linkedin_creates",
			"postwright_workers"} {
			require.False(t, strings.HasPrefix(key, gone), key)
		}
	}
	require.InDelta(t, 1, samples["rpc_calls_total code=ok procedure=/postwright.v1.PostService/CreatePost"], 0)
	require.Contains(t, samples, "db_pool_waiting")
}

// collected are the spans that a collector was given over HTTP.
type collected struct {
	mu    sync.Mutex
	spans []*tracev1.Span
	raw   bytes.Buffer
}

// ServeHTTP takes spans as an OpenTelemetry collector does.
func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	message := &collector.ExportTraceServiceRequest{}
	if err != nil || proto.Unmarshal(body, message) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(body)
	for _, resource := range message.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

// named returns the one span with a name in a trace.
func (c *collected) named(t *testing.T, traceID []byte, name string) *tracev1.Span {
	t.Helper()
	for _, s := range c.spans {
		if s.GetName() == name && (traceID == nil || bytes.Equal(s.GetTraceId(), traceID)) {
			return s
		}
	}
	require.Fail(t, "no span "+name)
	return nil
}

// Not parallel: where traces go is in the environment.
func TestOneTraceLeadsFromTheCallThroughItsJobsToTheirSQL(t *testing.T) {
	spans := &collected{}
	server := httptest.NewServer(spans)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	const marker = "Xyzzy the marker"
	w := newWorld(t)
	stop := w.Serve()
	draft := w.Draft(marker)
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Mode: sandbox.Status, Value: "503"}))
	post, _ := w.Publish(draft)
	require.Equal(t, published, post.GetState())
	w.Idle()
	const callers = "0af7651916cd43dd8448eb211c80319c"
	req, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		w.URL+"/postwright.v1.PostService/GetPost",
		strings.NewReader(`{"id":"`+post.GetId()+`"}`),
	)
	require.NoError(t, err)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer " + w.Key, "Traceparent": "00-" + callers + "-b7ad6b7169203331-01",
	} {
		req.Header.Set(name, value)
	}
	require.Equal(t, http.StatusOK, w.Send(req).Status)
	require.NoError(t, stop())
	w.App.Close() // delivers the last of them

	spans.mu.Lock()
	defer spans.mu.Unlock()
	call := spans.named(t, nil, "postwright.v1.PostService/PublishPost")
	trace := call.GetTraceId()
	approved := spans.named(t, trace, "PostMarkQueued")
	require.Equal(t, call.GetSpanId(), approved.GetParentSpanId(), "the call's SQL")
	job := spans.named(t, trace, "job publish_post")
	require.Equal(t, call.GetSpanId(), job.GetParentSpanId(), "its job")
	for _, name := range []string{"PublicationBegin", "AttemptEnd"} {
		require.Equal(t, job.GetSpanId(), spans.named(t, trace, name).GetParentSpanId(), "the job's SQL")
	}
	require.Equal(t, job.GetSpanId(), spans.named(t, trace, "linkedin createPost").GetParentSpanId(), "the job's call to LinkedIn")
	follows := spans.named(t, trace, "job notify_publication")
	require.Equal(t, job.GetSpanId(), follows.GetParentSpanId(), "the job that the job inserted")
	require.Equal(t, callers, fmt.Sprintf("%x", spans.named(t, nil, "postwright.v1.PostService/GetPost").GetTraceId()), "a caller's own trace goes on")
	for _, secret := range []string{marker, apptest.MemberToken, w.Key, "tess@example.org", w.Config.LinkedIn.TokenKeyset.Reveal()} {
		require.NotContains(t, spans.raw.String(), secret)
	}
}

func TestEachCallIsOneLineThatSaysWhoAskedForWhatAndHowItWent(t *testing.T) {
	t.Parallel()
	out := &logged{}
	w := newLoggedWorld(t, telemetry.NewLogger(out, slog.LevelInfo, true))
	w.Serve()
	ask := func(key, method, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/postwright.v1.PostService/"+method, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("X-Request-Id", "id-of-"+method)
		req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		w.Send(req)
	}
	ask(w.Key, "ListPosts", `{}`)
	ask(w.Key, "GetPost", `{"id":"01900000-0000-7000-8000-000000000009"}`)
	ask("pw_nobody", "SearchPosts", `{"query":"x"}`)
	ask(w.Key, "CreatePost", `{"post":{"content":"","hashtags":["not one"]}}`)
	user, err := w.App.Identity.UserByEmail(t.Context(), "tess@example.org")
	require.NoError(t, err)
	calls := out.lines(t, "call")
	require.Len(t, calls, 4)
	require.Equal(t, []any{"post.content", "post.hashtags[0]"}, calls[3]["fields"], "which fields, and not what was in them")
	require.NotContains(t, calls[3], "error")
	calls = calls[:3]
	for i, want := range []struct {
		method, code string
		owner        any
		fails        bool
	}{
		{"ListPosts", "ok", user.ID.String(), false}, {"GetPost", "not_found", user.ID.String(), true}, {"SearchPosts", "unauthenticated", nil, true},
	} {
		line := calls[i]
		require.Equal(t, "INFO", line["level"])
		require.Equal(t, "/postwright.v1.PostService/"+want.method, line["procedure"])
		require.Equal(t, want.code, line["code"])
		require.Equal(t, want.owner, line["owner_id"])
		require.Equal(t, "id-of-"+want.method, line["request_id"])
		require.Equal(t, "0af7651916cd43dd8448eb211c80319c", line["trace_id"], "the caller's, though nothing is exported")
		require.Contains(t, line, "duration")
		require.Equal(t, want.fails, line["error"] != nil)
	}
}

func TestAFailureOnTheWayIsFoundByTheRequestIDOfTheCall(t *testing.T) {
	t.Parallel()
	out := &logged{}
	w := newLoggedWorld(t, telemetry.NewLogger(out, slog.LevelInfo, true))
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Status, Value: "403", Times: 1}))
	draft := w.Draft("Which call was it?")
	req, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		w.URL+"/postwright.v1.PostService/PublishPost",
		strings.NewReader(`{"id":"`+draft.GetId()+`"}`),
	)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+w.Key)
	req.Header.Set("X-Request-Id", "the-approval")
	require.Equal(t, http.StatusOK, w.Send(req).Status)
	post, _ := w.Watch(draft)
	require.Equal(t, failed, post.GetState())
	lines := out.lines(t, "vendor call failed")
	require.Len(t, lines, 1)
	require.Equal(t, "the-approval", lines[0]["request_id"])
	require.Equal(t, "publish_post", lines[0]["job"])
}

// Everything that a text and the secrets pass through on their way out, and what goes wrong on it, with a log of everything.
func TestNoSecretIsLoggedAndNoTextAboveDebug(t *testing.T) {
	t.Parallel()
	const marker = "Xyzzy the marker"
	out := &logged{}
	w := newLoggedWorld(t, telemetry.NewLogger(out, slog.LevelDebug, true), func(c *app.Config) {
		c.LinkedIn.ClientSecret, c.Analysis.Token, c.Notification.Token = "client-hunter2", "analysis-hunter2", "notification-hunter2"
		c.Server.PublicURL = "http://127.0.0.1:1"
		c.Publishing.RetryWait = app.Duration{Value: 10 * time.Millisecond}
	})
	stop := w.Serve()
	for i, fault := range []sandbox.Fault{
		{Mode: sandbox.Status, Value: "500"}, {Mode: sandbox.Status, Value: "422"}, {Mode: sandbox.Drop}, {Mode: sandbox.AcceptThenDrop},
		{Mode: sandbox.Duplicate}, {Mode: sandbox.GarbageBody}, {Mode: sandbox.HugeBody}, {Mode: sandbox.RateLimitedDay}, {Mode: sandbox.TokenRevoked},
	} {
		fault.Vendor, fault.Operation, fault.Times = "linkedin", "createPost", 1
		w.Exec(`UPDATE linkedin_accounts SET paused_reason = '', held_until = NULL, held_reason = ''`)
		post := w.Draft(fmt.Sprintf("%s %d", marker, i))
		require.NoError(t, w.Vendors.Arm(fault))
		w.Publish(post)
	}
	w.Exec(`UPDATE linkedin_accounts SET paused_reason = '', held_until = NULL, held_reason = ''`)
	draft := w.Draft(marker)
	analysis := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	for _, mode := range []string{"", "500", "400"} {
		if mode != "" {
			require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Status, Value: mode}))
			require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Mode: sandbox.Status, Value: mode}))
		}
		_, _ = analysis.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: draft.GetId()})
		w.Curl(w.Key, "NotificationService/SendEmail", apptest.JSON(t, map[string]any{"to": "tess@example.org", "subject": marker, "content": marker}))
		w.Curl(w.Key, "NotificationService/SendEmail", apptest.JSON(t, map[string]any{"to": "marker@example.org", "subject": marker, "content": marker}))
		w.Curl(w.Key, "NotificationService/SendEmail", apptest.JSON(t, map[string]any{"to": marker, "subject": marker, "content": marker}))
	}
	w.Curl(w.Key, "PostService/CreatePost", apptest.JSON(t, map[string]any{"post": map[string]any{
		"content": strings.Repeat(marker, 300), "hashtags": []string{marker + "#"}, "tone": marker, "targetAudience": marker + "\x00"}}))
	w.Curl(w.Key, "PostService/CreatePost", []byte(`{"post":{"content":"`+marker)) // cut off
	w.Curl(w.Key, "PostService/SearchPosts", apptest.JSON(t, map[string]any{"query": marker}))
	w.Curl(w.Key+"0", "PostService/ListPosts", []byte(`{}`))
	w.Get(w.URL + "/oauth/linkedin/callback?state=state-hunter2&code=code-hunter2")
	w.Idle()
	require.NoError(t, stop())

	require.NotEmpty(t, out.lines(t, "call"))
	require.NotEmpty(t, out.lines(t, "vendor call failed"))
	require.NotEmpty(t, out.lines(t, "consent failed"))
	_, keySecret, _ := strings.Cut(strings.TrimPrefix(w.Key, "pw_"), "_")
	for _, line := range out.lines(t, "") {
		text, err := json.Marshal(line)
		require.NoError(t, err)
		for _, secret := range []string{apptest.MemberToken, keySecret, "hunter2", w.Config.LinkedIn.TokenKeyset.Reveal()} {
			require.NotContains(t, string(text), secret)
		}
		if line["level"] != "DEBUG" {
			require.NotContains(t, string(text), "Xyzzy")
			require.NotContains(t, string(text), "example.org")
		}
	}
}
