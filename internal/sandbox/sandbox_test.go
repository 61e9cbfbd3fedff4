package sandbox_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the tests begin: 202511 died six days ago.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// ada may do everything, for herself, for page 5 and for the content of page 7; bob may only post.
var (
	ada = sandbox.Member{
		ID: "ada", GivenName: "Ada", FamilyName: "Lovelace", Email: "ada@example.com", Token: "token-of-ada",
		Organizations: []string{"5"}, ContentOrganizations: []string{"7"},
		Scopes: []string{
			"openid", "profile", "email", "w_member_social", "w_organization_social", "r_member_social", "r_basicprofile",
			"r_member_postAnalytics", "r_member_social_feed", "r_organization_social", "rw_organization_admin",
		},
	}
	bob = sandbox.Member{ID: "bob", GivenName: "Bob", Token: "token-of-bob", Scopes: []string{"openid", "w_member_social"}}
)

// world is a sandbox that answers over HTTP, at a time that the test sets.
type world struct {
	box    *sandbox.Sandbox
	server *httptest.Server
	past   atomic.Int64 // nanoseconds since noon
}

func newWorld(t *testing.T, adapt ...func(*sandbox.Options)) *world {
	t.Helper()
	w := &world{}
	opts := sandbox.Options{
		Clock: func() time.Time { return noon.Add(time.Duration(w.past.Load())) },
		Log:   slog.New(slog.DiscardHandler), Members: []sandbox.Member{ada, bob},
	}
	for _, a := range adapt {
		a(&opts)
	}
	w.box = sandbox.New(opts)
	w.server = httptest.NewServer(w.box.Handler())
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) pass(d time.Duration) { w.past.Add(int64(d)) }

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// json reads the body into a value of its own kind.
func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &v), r.body)
	return v
}

// with sets a header of a request, or leaves it out when it is "".
func with(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
}

var asBob = with("Authorization", "Bearer token-of-bob")

// try sends a request as ada's well-behaved client would, but for what adapt changes.
func (w *world) try(t *testing.T, method, path, body string, adapt ...func(*http.Request)) (reply, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer token-of-ada")
	r.Header.Set("LinkedIn-Version", "202609")
	r.Header.Set("X-Restli-Protocol-Version", "2.0.0")
	r.Header.Set("Content-Type", "application/json")
	for _, a := range adapt {
		a(r)
	}
	client := *w.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, string(raw)}, err
}

func (w *world) call(t *testing.T, method, path, body string, adapt ...func(*http.Request)) reply {
	t.Helper()
	got, err := w.try(t, method, path, body, adapt...)
	require.NoError(t, err)
	return got
}

// newPost is the body of a create with this commentary, by ada.
func newPost(commentary string) string { return newPostBy("urn:li:person:ada", commentary) }

func newPostBy(author, commentary string) string {
	raw, err := json.Marshal(map[string]any{
		"author": author, "commentary": commentary, "visibility": "PUBLIC", "lifecycleState": "PUBLISHED", "isReshareDisabledByAuthor": false,
		"distribution": map[string]any{"feedDistribution": "MAIN_FEED", "targetEntities": []string{}, "thirdPartyDistributionChannels": []string{}},
	})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// create posts a commentary and returns its URN.
func (w *world) create(t *testing.T, commentary string, adapt ...func(*http.Request)) string {
	t.Helper()
	body := newPost(commentary)
	got := w.call(t, http.MethodPost, "/rest/posts", body, adapt...)
	require.Equal(t, http.StatusCreated, got.status, got.body)
	return got.header.Get("x-restli-id")
}

// encoded is a URN as a path segment wants it.
func encoded(urn string) string { return strings.ReplaceAll(urn, ":", "%3A") }
