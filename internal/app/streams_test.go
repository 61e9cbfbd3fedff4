package app_test

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
)

func TestOneOwnersStreamsKeepNobodyFromABatch(t *testing.T) {
	t.Parallel()
	const total = 30
	w := newWorld(t, func(c *app.Config) { c.Server.Streams.Value, c.Server.StreamsPerOwner.Value = total, total })
	w.serve()
	waiting := w.underWay("queued")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	for range total {
		stream, err := w.posts.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: waiting.GetId()})
		require.NoError(t, err)
		defer func() { _ = stream.Close() }()
		_, err = stream.Receive()
		require.NoError(t, err)
	}
	require.InDelta(t, total, w.scrape()["rpc_streams_open"], 0)

	// Their own share is used up: they are told before anything is approved.
	for name, call := range map[string]func() (interface{ Close() error }, error){
		"another WatchPost": func() (interface{ Close() error }, error) {
			stream, err := w.posts.WatchPost(t.Context(), &postwrightv1.WatchPostRequest{Id: waiting.GetId()})
			require.NoError(t, err)
			_, err = stream.Receive()
			return stream, err
		},
		"a batch": func() (interface{ Close() error }, error) {
			stream, err := w.posts.BatchPublishPosts(t.Context(), &postwrightv1.BatchPublishPostsRequest{Posts: newPosts(1)})
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
	require.Equal(t, 1, w.count(`SELECT count(*) FROM posts`))

	// Somebody else notices nothing.
	key := w.user("bob@example.org")
	bob, err := w.app.Identity.UserByEmail(t.Context(), "bob@example.org")
	require.NoError(t, err)
	_, err = w.app.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: bob.ID, Token: memberToken})
	require.NoError(t, err)
	ada := w.posts
	w.posts = postwrightv1connect.NewPostServiceClient(w.client(key))
	outcomes := w.publishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: newPosts(2)})
	require.Len(t, outcomes, 2)
	for _, o := range outcomes {
		require.Equal(t, postwrightv1.ApiStatus_API_STATUS_PUBLISHED, o.GetApiStatus())
	}

	// Who leaves gives the places back.
	leave()
	require.Eventually(t, func() bool { return w.scrape()["rpc_streams_open"] == 0 }, waitLimit, waitStep)
	w.posts = ada
	require.Len(t, w.publishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: newPosts(1)}), 1)
}

func TestSharesOfStreamsThatCannotBeAreNamed(t *testing.T) {
	t.Parallel()
	cfg := app.Defaults()
	cfg.Server.Streams.Value, cfg.Server.StreamsPerOwner.Value = 10, 11
	require.ErrorContains(t, cfg.Verify(), "--server-streams-per-owner must not be more than --server-streams, which is 10")
	cfg.Server.StreamsPerOwner.Value = 0
	require.ErrorContains(t, cfg.Verify(), "--server-streams-per-owner must be a whole number from 1 to 100000")
}
