// Package apptest is a whole Postwright for tests: a node, a database of its own and vendors of its own, over real HTTP, and what
// tests do to it. It must not know what is tested. Only tests import it.
package apptest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/sandbox"
)

// How long a test waits for what other goroutines do, and how often it looks. The limit costs nothing where all is well, and a
// machine that is busy with something else is slow: sixteen times as many processes as cores had a minute go by.
const (
	WaitLimit = 3 * time.Minute
	WaitStep  = 20 * time.Millisecond
)

// Scopes of the member in these tests: what a self-serve app gets, and the numbers of posts.
var Scopes = []string{"openid", "profile", "email", "w_member_social", "r_member_postAnalytics"}

// MemberToken is the token of the first user's LinkedIn account.
const MemberToken = "token-of-the-test-member"

// World is a whole Postwright against a database of its own and vendors of its own, over real HTTP.
type World struct {
	T           *testing.T
	Log         *slog.Logger
	App         *app.App
	Config      app.Config
	DatabaseURL string
	Vendors     *sandbox.Sandbox
	VendorsHTTP *httptest.Server
	URL         string // the API's, once it serves
	Key         string // of the first user, who has a LinkedIn account
	Posts       postwrightv1connect.PostServiceClient
}

// New puts everything together; Serve starts it.
func New(t *testing.T, change ...func(*app.Config)) *World {
	t.Helper()
	return NewLogged(t, slog.New(slog.DiscardHandler), change...)
}

// NewLogged is New with a log.
func NewLogged(t *testing.T, log *slog.Logger, change ...func(*app.Config)) *World {
	t.Helper()
	w := &World{T: t, Log: log, DatabaseURL: dbtest.New(t)}
	tess := sandbox.Member{
		ID: "tester", GivenName: "Tess", FamilyName: "Ter", Email: "tess@example.org", Token: MemberToken, Scopes: Scopes,
	}
	w.Vendors = sandbox.New(sandbox.Options{
		Clock: app.Now, Log: slog.New(slog.DiscardHandler), MemberDayLimit: -1, Members: []sandbox.Member{tess},
	})
	w.VendorsHTTP = httptest.NewServer(w.Vendors.Handler())
	t.Cleanup(w.VendorsHTTP.Close)
	keyset, err := accounts.NewKeyset()
	require.NoError(t, err)
	cfg := app.Defaults()
	cfg.Server.Listen = "127.0.0.1:0"
	cfg.Database.URL = app.Secret(w.DatabaseURL)
	cfg.Database.MinConnections = app.Count{}
	cfg.LinkedIn.APIURL, cfg.LinkedIn.AuthURL = w.VendorsHTTP.URL, w.VendorsHTTP.URL
	cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "app", "secret"
	cfg.LinkedIn.TokenKeyset = app.Secret(keyset)
	cfg.Analysis.URL, cfg.Notification.URL = w.VendorsHTTP.URL, w.VendorsHTTP.URL
	for _, c := range change {
		c(&cfg)
	}
	w.Config = cfg
	w.App = w.Node(cfg)
	w.Key = w.User("tess@example.org")
	user, err := w.App.Identity.UserByEmail(t.Context(), "tess@example.org")
	require.NoError(t, err)
	_, err = w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: user.ID, Token: MemberToken})
	require.NoError(t, err)
	return w
}

// Node is one process of a Postwright.
func (w *World) Node(cfg app.Config) *app.App {
	w.T.Helper()
	node, err := app.New(w.T.Context(), cfg, w.Log)
	require.NoError(w.T, err)
	w.T.Cleanup(node.Close)
	return node
}

// User makes a user and returns an API key of theirs.
func (w *World) User(email string) string {
	w.T.Helper()
	user, err := w.App.Identity.CreateUser(w.T.Context(), email, "")
	require.NoError(w.T, err)
	key, _, err := w.App.Identity.CreateKey(w.T.Context(), user.ID, "test")
	require.NoError(w.T, err)
	return key
}

// UserID is the id of a user.
func (w *World) UserID(email string) string {
	w.T.Helper()
	user, err := w.App.Identity.UserByEmail(w.T.Context(), email)
	require.NoError(w.T, err)
	return user.ID.String()
}

// Serve answers calls and works jobs until the test ends, or until stop is called, which returns what Serve did.
func (w *World) Serve() (stop func() error) {
	w.T.Helper()
	url, stop := w.Run(w.App)
	w.URL = url
	w.Posts = postwrightv1connect.NewPostServiceClient(w.Client(w.Key))
	return stop
}

// Run serves one node, and returns where and how to stop it.
func (w *World) Run(node *app.App) (url string, stop func() error) {
	w.T.Helper()
	listener, err := node.Listen(w.T.Context())
	require.NoError(w.T, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.T.Context()))
	ended := make(chan error, 1)
	go func() { ended <- node.Serve(ctx, listener) }()
	var stopped bool
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	w.T.Cleanup(func() { assert.NoError(w.T, stop()) })
	url = "http://" + listener.Addr().String()
	w.awaitServing(url)
	return url, stop
}

// awaitServing returns once the node answers: by then it works jobs too, and has said so. One that could not start answers
// nothing.
func (w *World) awaitServing(url string) {
	w.T.Helper()
	asking := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, url+"/healthz", http.NoBody)
	require.NoError(w.T, err)
	if res, err := asking.RoundTrip(req); err == nil {
		require.NoError(w.T, res.Body.Close())
	}
}

// Client calls with a key over connections of its own, so that a test leaves none behind.
func (w *World) Client(key string) *connect.Client {
	transport := &http.Transport{}
	w.T.Cleanup(transport.CloseIdleConnections)
	return w.ClientOver(transport, key)
}

// ClientOver is Client over a transport of the test's own.
func (w *World) ClientOver(transport *http.Transport, key string, options ...connecthttp.Option) *connect.Client {
	return connect.NewClient(connecthttp.NewTransport(&http.Client{Transport: transport}, w.URL, options...),
		func(next connect.ClientFunc) connect.ClientFunc {
			return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
				if info, there := connect.CallInfoForClientContext(ctx); there && key != "" {
					info.RequestHeader().Set("Authorization", "Bearer "+key)
				}
				return next(ctx, spec)
			}
		})
}
