package rpc_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

const methodPrefix = "/postwright.v1.PostService/"

// The longest post there is, in characters that take three bytes each.
func longestPost() *postwrightv1.Post {
	post := &postwrightv1.Post{Content: strings.Repeat("本", 2000), TargetAudience: strings.Repeat("本", 500)}
	for i := range 30 {
		post.Hashtags = append(post.Hashtags, fmt.Sprintf("タグ%d", i))
	}
	return post
}

// Clients of gRPC take messages of 4 MiB and trailers of 16 KiB, some of 8, unless they are told otherwise.
func TestAnswersFitWhatGRPCClientsTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.Key)

	t.Run("the longest refusal, in trailers of 8 KiB", func(t *testing.T) {
		t.Parallel()
		conn := w.GRPCConn(grpc.WithMaxHeaderListSize(8 << 10))
		batch := &postwrightv1.BatchCreatePostsRequest{}
		for range 1000 {
			batch.Posts = append(batch.Posts, &postwrightv1.Post{Hashtags: make([]string, 30), AccountId: "x", Tone: 77})
		}
		err := conn.Invoke(ctx, methodPrefix+"BatchCreatePosts", batch, &postwrightv1.BatchCreatePostsResponse{})
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
		require.Len(t, status.Convert(err).Details(), 1)
		bad, ok := status.Convert(err).Details()[0].(*errdetails.BadRequest)
		require.True(t, ok)
		require.Len(t, bad.GetFieldViolations(), 21)
		require.Equal(t, "posts[0].accountId", bad.GetFieldViolations()[0].GetField())
		require.Equal(t, "and 32980 more", bad.GetFieldViolations()[20].GetDescription(), "33 things are wrong with each post")
	})

	t.Run("a page of a hundred of the longest posts", func(t *testing.T) {
		t.Parallel()
		conn := w.GRPCConn(grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
		batch := &postwrightv1.BatchCreatePostsRequest{}
		for range 100 {
			batch.Posts = append(batch.Posts, longestPost())
		}
		require.NoError(t, conn.Invoke(ctx, methodPrefix+"BatchCreatePosts", batch, &postwrightv1.BatchCreatePostsResponse{}), "compressed on its way")
		page := &postwrightv1.ListPostsResponse{}
		require.NoError(t, conn.Invoke(ctx, methodPrefix+"ListPosts", &postwrightv1.ListPostsRequest{PageSize: 100}, page))
		require.Len(t, page.GetPosts(), 100)
		require.Equal(t, batch.GetPosts()[0].GetContent(), page.GetPosts()[0].GetContent())
	})

	t.Run("a message that is too large is refused with its limit", func(t *testing.T) {
		t.Parallel()
		conn := w.GRPCConn(grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
		err := conn.Invoke(ctx, methodPrefix+"GetPost", &postwrightv1.GetPostRequest{Id: strings.Repeat("x", 2<<20)}, &postwrightv1.GetPostResponse{})
		require.Equal(t, codes.ResourceExhausted, status.Code(err), "%v", err)
		require.Contains(t, status.Convert(err).Message(), "larger than 1280 KiB")
	})

	t.Run("half a megabyte of metadata is refused before anything is read", func(t *testing.T) {
		t.Parallel()
		err := w.GRPCConn().Invoke(metadata.AppendToOutgoingContext(ctx, "x-filler", strings.Repeat("x", 512<<10)),
			methodPrefix+"GetPost", &postwrightv1.GetPostRequest{}, &postwrightv1.GetPostResponse{})
		require.Error(t, err)
		require.NoError(
			t,
			w.GRPCConn().Invoke(ctx, methodPrefix+"ListPosts", &postwrightv1.ListPostsRequest{}, &postwrightv1.ListPostsResponse{}),
			"others go on",
		)
	})
}

// Health asks for no key, so it must not take what it can't use.
func TestHealthTakesNoLargeMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/grpc.health.v1.Health/Check",
		strings.NewReader(`{"service":"`+strings.Repeat("x", 1<<20)+`"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	a := w.Send(req)
	require.Equal(t, "resource_exhausted", a.Failure(t).Code)
	require.Less(t, len(a.Body), 1000)
}
