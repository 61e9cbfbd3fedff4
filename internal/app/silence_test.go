package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
)

// Proxies cut a connection over which nothing comes: nginx after 60 s, some load balancers after 30 s.
func TestAStreamSaysSomethingWhileNothingHappens(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, app.StreamSilence, 25*time.Second)
	w := newWorld(t)
	w.App.ShortenSilence(time.Millisecond)
	w.Serve()
	waiting := w.UnderWay("queued")

	watch, err := w.Posts.WatchPost(t.Context(), &postwrightv1.WatchPostRequest{Id: waiting.GetId()})
	require.NoError(t, err)
	defer func() { _ = watch.Close() }()
	first, err := watch.Receive()
	require.NoError(t, err)
	for range 3 {
		again, err := watch.Receive()
		require.NoError(t, err)
		require.True(t, proto.Equal(first, again), "the same as before: %v, %v", first, again)
	}

	// A batch of which one post waits for what nobody does, and the others are through or refused.
	w.Exec(`INSERT INTO requests (owner_id, operation, request_id, request_hash, post_ids, created_at)
		SELECT owner_id, 'BatchPublishPosts', 'batch', '', ARRAY[id], now() FROM posts`) // by an older build, whose hashes are not compared
	batch, err := w.Posts.BatchPublishPosts(t.Context(), &postwrightv1.BatchPublishPostsRequest{Ids: []string{waiting.GetId()}, RequestId: "batch"})
	require.NoError(t, err)
	defer func() { _ = batch.Close() }()
	for range 3 {
		told, err := batch.Receive()
		require.NoError(t, err)
		require.True(t, proto.Equal(&postwrightv1.PublishOutcome{
			Id: waiting.GetId(), DatabaseStatus: postwrightv1.DatabaseStatus_DATABASE_STATUS_APPROVED,
			ApiStatus: postwrightv1.ApiStatus_API_STATUS_WAITING, Total: 1,
		}, told.GetOutcome()), "%v", told)
	}
}

// gRPC's own Watch says nothing while nothing changes: it ends in time, and not by being cut.
func TestTheWatchOfHealthEndsBeforeItIsTakenForDead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.App.ShortenSilence(time.Millisecond)
	w.Serve()
	body := `{"service":"postwright.v1.PostService"}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/grpc.health.v1.Health/Watch",
		bytes.NewReader(append([]byte{0, 0, 0, 0, byte(len(body))}, body...)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/connect+json")
	got := w.Send(req)
	require.Equal(t, "no", got.Header.Get("X-Accel-Buffering"))
	require.Contains(t, string(got.Body), "SERVING_STATUS_SERVING")
	require.Contains(t, string(got.Body), "\x02\x00\x00\x00\x02{}", "a good end")
}

// The answer has begun, and proxies know what it is, before there is anything to tell.
func TestAStreamsHeadersComeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	waiting := w.UnderWay("queued")
	w.Exec(`INSERT INTO requests (owner_id, operation, request_id, request_hash, post_ids, created_at)
		SELECT owner_id, 'BatchPublishPosts', 'batch', '', ARRAY[id], now() FROM posts`) // by an older build, whose hashes are not compared
	for method, message := range map[string]any{
		"WatchPost":         map[string]any{"id": waiting.GetId()},
		"BatchPublishPosts": map[string]any{"ids": []string{waiting.GetId()}, "requestId": "batch"},
	} {
		t.Run(method, func(t *testing.T) {
			body, err := json.Marshal(message)
			require.NoError(t, err)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/postwright.v1.PostService/"+method,
				bytes.NewReader(append([]byte{0, 0, 0, 0, byte(len(body))}, body...)))
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+w.Key)
			req.Header.Set("Content-Type", "application/connect+json")
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			resp, err := (&http.Client{Transport: transport}).Do(req) // returns with the headers
			require.NoError(t, err)
			defer func() { _ = resp.Body.Close() }()
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Equal(t, "no", resp.Header.Get("X-Accel-Buffering"))
			require.Equal(t, "no-store, no-transform", resp.Header.Get("Cache-Control"))
		})
	}
}
