package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/sandbox"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// scopes of the member in these tests: what a self-serve app gets, and the numbers of posts.
var scopes = []string{"openid", "profile", "email", "w_member_social", "r_member_postAnalytics"}

// How long a test waits for what other goroutines do, and how often it looks.
const (
	waitLimit = time.Minute
	waitStep  = 20 * time.Millisecond
)

const memberToken = "token-of-the-test-member"

// world is a whole Postwright against a database of its own and vendors of its own, over real HTTP.
type world struct {
	t           *testing.T
	log         *slog.Logger
	app         *app.App
	cfg         app.Config
	databaseURL string
	vendors     *sandbox.Sandbox
	vendorsHTTP *httptest.Server
	url         string // the API's, once it serves
	key         string // of the first user, who has a LinkedIn account
	posts       postwrightv1connect.PostServiceClient
}

// newWorld puts everything together; serve starts it.
func newWorld(t *testing.T, change ...func(*app.Config)) *world {
	t.Helper()
	return newLoggedWorld(t, slog.New(slog.DiscardHandler), change...)
}

// newLoggedWorld is newWorld with a log.
func newLoggedWorld(t *testing.T, log *slog.Logger, change ...func(*app.Config)) *world {
	t.Helper()
	w := &world{t: t, log: log, databaseURL: dbtest.New(t)}
	w.vendors = sandbox.New(sandbox.Options{Clock: app.Now, Log: slog.New(slog.DiscardHandler), MemberDayLimit: -1, Members: []sandbox.Member{
		{ID: "tester", GivenName: "Tess", FamilyName: "Ter", Email: "tess@example.org", Token: memberToken, Scopes: scopes},
	}})
	w.vendorsHTTP = httptest.NewServer(w.vendors.Handler())
	t.Cleanup(w.vendorsHTTP.Close)
	keyset, err := accounts.NewKeyset()
	require.NoError(t, err)
	cfg := app.Defaults()
	cfg.Server.Listen = "127.0.0.1:0"
	cfg.Database.URL = app.Secret(w.databaseURL)
	cfg.Database.MinConnections = app.Count{}
	cfg.LinkedIn.APIURL, cfg.LinkedIn.AuthURL = w.vendorsHTTP.URL, w.vendorsHTTP.URL
	cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "app", "secret"
	cfg.LinkedIn.TokenKeyset = app.Secret(keyset)
	cfg.Analysis.URL, cfg.Notification.URL = w.vendorsHTTP.URL, w.vendorsHTTP.URL
	for _, c := range change {
		c(&cfg)
	}
	w.cfg = cfg
	w.app = w.node(cfg)
	w.key = w.user("tess@example.org")
	user, err := w.app.Identity.UserByEmail(t.Context(), "tess@example.org")
	require.NoError(t, err)
	_, err = w.app.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: user.ID, Token: memberToken})
	require.NoError(t, err)
	return w
}

// node is one process of a Postwright.
func (w *world) node(cfg app.Config) *app.App {
	w.t.Helper()
	node, err := app.New(w.t.Context(), cfg, w.log)
	require.NoError(w.t, err)
	w.t.Cleanup(node.Close)
	return node
}

// user makes a user and returns an API key of theirs.
func (w *world) user(email string) string {
	w.t.Helper()
	user, err := w.app.Identity.CreateUser(w.t.Context(), email, "")
	require.NoError(w.t, err)
	key, _, err := w.app.Identity.CreateKey(w.t.Context(), user.ID, "test")
	require.NoError(w.t, err)
	return key
}

// userID is the id of a user.
func (w *world) userID(email string) string {
	w.t.Helper()
	user, err := w.app.Identity.UserByEmail(w.t.Context(), email)
	require.NoError(w.t, err)
	return user.ID.String()
}

// serve answers calls and works jobs until the test ends, or until stop is called, which returns what Serve did.
func (w *world) serve() (stop func() error) {
	w.t.Helper()
	url, stop := w.run(w.app)
	w.url = url
	w.posts = postwrightv1connect.NewPostServiceClient(w.client(w.key))
	return stop
}

// run serves one node, and returns where and how to stop it.
func (w *world) run(node *app.App) (url string, stop func() error) {
	w.t.Helper()
	listener, err := node.Listen(w.t.Context())
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
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
	w.t.Cleanup(func() { require.NoError(w.t, stop()) })
	url = "http://" + listener.Addr().String()
	w.awaitServing(url)
	return url, stop
}

// awaitServing returns once the node answers: by then it works jobs too, and has said so. One that could not start answers nothing.
func (w *world) awaitServing(url string) {
	w.t.Helper()
	asking := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url+"/healthz", http.NoBody)
	require.NoError(w.t, err)
	if res, err := asking.RoundTrip(req); err == nil {
		require.NoError(w.t, res.Body.Close())
	}
}

// client calls with a key over connections of its own, so that a test leaves none behind.
func (w *world) client(key string) *connect.Client {
	transport := &http.Transport{}
	w.t.Cleanup(transport.CloseIdleConnections)
	return w.clientOver(transport, key)
}

func (w *world) clientOver(transport *http.Transport, key string, options ...connecthttp.Option) *connect.Client {
	return connect.NewClient(connecthttp.NewTransport(&http.Client{Transport: transport}, w.url, options...),
		func(next connect.ClientFunc) connect.ClientFunc {
			return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
				if info, there := connect.CallInfoForClientContext(ctx); there && key != "" {
					info.RequestHeader().Set("Authorization", "Bearer "+key)
				}
				return next(ctx, spec)
			}
		})
}

// answer is what curl would show of a call.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// apiError is connect's error in JSON.
type apiError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details []struct {
		Type  string          `json:"type"`
		Debug json.RawMessage `json:"debug"`
	} `json:"details"`
}

// curl calls a method as curl would: JSON over HTTP/1.1. body is sent as it is.
func (w *world) curl(key, method string, body []byte) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/postwright.v1."+method, bytes.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return w.send(req)
}

func (w *world) send(req *http.Request) answer {
	w.t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return answer{status: resp.StatusCode, header: resp.Header, body: body}
}

func (a answer) failure(t *testing.T) apiError {
	t.Helper()
	var e apiError
	require.NoError(t, json.Unmarshal(a.body, &e), "%s", a.body)
	return e
}

// fields are the fields that the answer objects to, with its reason.
func (e apiError) fields(t *testing.T) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for _, d := range e.Details {
		if d.Type != "google.rpc.BadRequest" {
			continue
		}
		var bad struct {
			FieldViolations []struct{ Field, Description string }
		}
		require.NoError(t, json.Unmarshal(d.Debug, &bad))
		for _, v := range bad.FieldViolations {
			fields[v.Field] = v.Description
		}
	}
	return fields
}

// draft makes a post.
func (w *world) draft(content string) *postwrightv1.Post {
	w.t.Helper()
	res, err := w.posts.CreatePost(w.t.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: content}})
	require.NoError(w.t, err)
	return res.GetPost()
}

// publish approves a post and returns it as it comes to rest, or as it waits for something, and the states on the way.
func (w *world) publish(post *postwrightv1.Post) (*postwrightv1.Post, []postwrightv1.PostState) {
	w.t.Helper()
	_, err := w.posts.PublishPost(w.t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId()})
	require.NoError(w.t, err)
	return w.watch(post)
}

func (w *world) watch(post *postwrightv1.Post) (*postwrightv1.Post, []postwrightv1.PostState) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), waitLimit)
	defer cancel()
	stream, err := w.posts.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: post.GetId()})
	require.NoError(w.t, err)
	defer func() { _ = stream.Close() }()
	var states []postwrightv1.PostState
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return post, states
		}
		require.NoError(w.t, err)
		post = res.GetPost()
		states = append(states, post.GetState())
		if post.GetState() == queued && post.GetFailure() != nil {
			return post, states
		}
	}
}

func (w *world) attempts(post *postwrightv1.Post) []*postwrightv1.PublishAttempt {
	w.t.Helper()
	res, err := w.posts.ListPublishAttempts(w.t.Context(), &postwrightv1.ListPublishAttemptsRequest{Id: post.GetId()})
	require.NoError(w.t, err)
	return res.GetAttempts()
}
