package rpc_test

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

func TestOneOwnersStreamsKeepNobodyFromABatch(t *testing.T) {
	t.Parallel()
	const total = 30
	w := newWorld(t, func(c *app.Config) { c.Server.Streams.Value, c.Server.StreamsPerOwner.Value = total, total })
	w.Serve()
	waiting := w.UnderWay("queued")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	for range total {
		stream, err := w.Posts.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: waiting.GetId()})
		require.NoError(t, err)
		defer func() { _ = stream.Close() }()
		_, err = stream.Receive()
		require.NoError(t, err)
	}
	require.InDelta(t, total, w.Scrape()["rpc_streams_open"], 0)

	// Their own share is used up: they are told before anything is approved.
	for name, call := range map[string]func() (interface{ Close() error }, error){
		"another WatchPost": func() (interface{ Close() error }, error) {
			stream, err := w.Posts.WatchPost(t.Context(), &postwrightv1.WatchPostRequest{Id: waiting.GetId()})
			require.NoError(t, err)
			_, err = stream.Receive()
			return stream, err
		},
		"a batch": func() (interface{ Close() error }, error) {
			stream, err := w.Posts.BatchPublishPosts(t.Context(), &postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(1)})
			require.NoError(t, err)
			_, err = stream.Receive()
			return stream, err
		},
	} {
		stream, err := call()
		require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), name)
		require.ErrorContains(t, err, "You have 30 streams open and may have 30 at once", name)
		require.NoError(t, stream.Close())
	}
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM posts`))

	// Somebody else notices nothing.
	key := w.User("bob@example.org")
	bob, err := w.App.Identity.UserByEmail(t.Context(), "bob@example.org")
	require.NoError(t, err)
	_, err = w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: bob.ID, Token: apptest.MemberToken})
	require.NoError(t, err)
	ada := w.Posts
	w.Posts = postwrightv1connect.NewPostServiceClient(w.Client(key))
	outcomes := w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(2)})
	require.Len(t, outcomes, 2)
	for _, o := range outcomes {
		require.Equal(t, postwrightv1.ApiStatus_API_STATUS_PUBLISHED, o.GetApiStatus())
	}

	// Who leaves gives the places back.
	leave()
	require.Eventually(t, func() bool { return w.Scrape()["rpc_streams_open"] == 0 }, apptest.WaitLimit, apptest.WaitStep)
	w.Posts = ada
	require.Len(t, w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(1)}), 1)
}
