package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

// gate stands before the sandbox's LinkedIn. It says what create arrives and lets one through when the test does; once open
// is closed, it is open.
type gate struct {
	next    http.Handler
	arrived chan string // the create's body
	through chan struct{}
	open    chan struct{}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && r.URL.Path == "/rest/posts" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller left
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case g.arrived <- string(body):
		case <-g.open:
		case <-r.Context().Done():
		}
		select {
		case <-g.through:
		case <-g.open:
		case <-r.Context().Done():
		}
	}
	g.next.ServeHTTP(w, r)
}

// However much one owner has queued, the next worker that gets free sends another owner's post.
func TestOneOwnersBatchesDelayNobodyElsesPost(t *testing.T) {
	t.Parallel()
	g := &gate{arrived: make(chan string), through: make(chan struct{}), open: make(chan struct{})}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	w := newWorld(t, func(cfg *app.Config) {
		to, err := url.Parse(cfg.LinkedIn.APIURL)
		require.NoError(t, err)
		g.next = httputil.NewSingleHostReverseProxy(to)
		cfg.LinkedIn.APIURL = server.URL
		cfg.Jobs.MaxWorkers = app.Count{Value: 2}
	})
	quietKey := w.User("quiet@example.org")
	quiet, err := w.App.Identity.UserByEmail(t.Context(), "quiet@example.org")
	require.NoError(t, err)
	w.Vendors.AddMember(sandbox.Member{ID: "quiet", GivenName: "Quiet", Token: "token-of-the-quiet-one", Scopes: apptest.Scopes})
	_, err = w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: quiet.ID, Token: "token-of-the-quiet-one"})
	require.NoError(t, err)
	w.Serve()
	defer close(g.open)

	batches, leave := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	defer callers.Wait()
	defer leave()
	for n := range 2 {
		callers.Go(func() { // which waits for the approval
			stream, err := w.Posts.BatchPublishPosts(
				batches,
				&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(200), RequestId: fmt.Sprint(n)},
			)
			if err == nil {
				_ = stream.Close()
			}
		})
	}
	for range 2 {
		require.Contains(t, w.arrives(g), "One of many", "both workers are busy with the batches")
	}
	posts := postwrightv1connect.NewPostServiceClient(w.Client(quietKey))
	made, err := posts.CreatePost(t.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: "The quiet owner's only post"}})
	require.NoError(t, err)
	_, err = posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: made.GetPost().GetId()})
	require.NoError(t, err)

	g.through <- struct{}{}
	require.Contains(t, w.arrives(g), "quiet owner")
}

// arrives waits for the next create at the gate.
func (w *world) arrives(g *gate) string {
	w.T.Helper()
	select {
	case body := <-g.arrived:
		return body
	case <-time.After(apptest.WaitLimit):
		require.Fail(w.T, "no create arrived")
		return ""
	}
}

// A batch is followed by a stream, which has no place among its owner's calls; but its approval is a call like others, and as
// many of them as there may be streams would take all connections to the database.
func TestTheApprovalOfABatchTakesItsOwnersPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.OwnerCalls.Value = 1 })
	w.Serve()
	ended := w.slowly(3 * time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // it waits for as long as it likes: the place is taken
	defer cancel()
	stream, err := w.Posts.BatchPublishPosts(ctx, &postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(1)})
	if err == nil {
		_, err = stream.Receive()
		require.NoError(t, stream.Close())
	}
	require.Equal(t, connect.CodeDeadlineExceeded, connect.CodeOf(err))
	require.Zero(t, w.Count(`SELECT count(*) FROM posts`))
	require.NoError(t, <-ended)
	require.Len(t, w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(1)}), 1, "the place is free again")
}
