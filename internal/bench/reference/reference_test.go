package reference_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/bench/reference"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/testbed/loopback"
	"github.com/postwright/postwright/internal/text"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func call(t *testing.T, url, key, method, body string) (status int, answer []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/postwright.v1.PostService/"+method, bytes.NewBufferString(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, answer
}

// Who does less is faster: what the reference is asked for it must do as the API does it.
func TestTheHandwrittenServerDoesWhatTheAPIDoes(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	w.Serve()
	h, err := reference.NewHandwritten(t.Context(), w.DatabaseURL, 2, text.Fold)
	require.NoError(t, err)
	t.Cleanup(h.Close)
	server := httptest.NewServer(h.Handler())
	t.Cleanup(server.Close)

	status, body := call(t, server.URL, w.Key, "CreatePost", `{"post":{"content":"Straße, written by hand","hashtags":["golang"]}}`)
	require.Equal(t, http.StatusOK, status, "%s", body)
	var made postwrightv1.CreatePostResponse
	require.NoError(t, protojson.Unmarshal(body, &made))

	status, body = call(t, server.URL, w.Key, "GetPost", `{"id":"`+made.GetPost().GetId()+`"}`)
	require.Equal(t, http.StatusOK, status, "%s", body)
	var got postwrightv1.GetPostResponse
	require.NoError(t, protojson.Unmarshal(body, &got))
	ours, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: made.GetPost().GetId()})
	require.NoError(t, err)
	require.True(t, proto.Equal(ours, &got), "ours:\n%v\nthe reference's:\n%v", ours, &got)
	require.True(t, proto.Equal(made.GetPost(), got.GetPost()))

	found, err := w.Posts.SearchPosts(t.Context(), &postwrightv1.SearchPostsRequest{Query: "STRASSE"})
	require.NoError(t, err)
	require.Len(t, found.GetPosts(), 1, "it is found as those that we make")

	stranger := w.User("stranger@example.org")
	for name, c := range map[string]struct {
		key, method, body string
		want              int
	}{
		"another owner's post": {stranger, "GetPost", `{"id":"` + made.GetPost().GetId() + `"}`, http.StatusNotFound},
		"a wrong secret":       {w.Key[:len(w.Key)-1] + "x", "GetPost", `{"id":"` + made.GetPost().GetId() + `"}`, http.StatusUnauthorized},
		"no key":               {"", "GetPost", `{"id":"` + made.GetPost().GetId() + `"}`, http.StatusUnauthorized},
		"an unknown field":     {w.Key, "GetPost", `{"name":"x"}`, http.StatusBadRequest},
		"no content":           {w.Key, "CreatePost", `{"post":{}}`, http.StatusBadRequest},
	} {
		status, _ := call(t, server.URL, c.key, c.method, c.body)
		require.Equal(t, c.want, status, name)
	}
}

func TestAReferenceAnswersAndTellsOfItsMemoryUntilItIsTold(t *testing.T) {
	t.Parallel()
	address, err := loopback.FreeAddress(t.Context())
	require.NoError(t, err)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- reference.Serve(ctx, address, reference.Fixed([]byte(`{"fixed":true}`))) }()
	url := "http://" + address
	var metrics testbed.Metrics
	require.Eventually(t, func() bool {
		metrics, err = testbed.ScrapeMetrics(t.Context(), url+"/metrics")
		return err == nil
	}, apptest.WaitLimit, apptest.WaitStep)
	mallocs, err := metrics.Sum(reference.MallocsMetric, "", "")
	require.NoError(t, err)
	require.Positive(t, mallocs)
	status, body := call(t, url, "", "Whatever", "{}")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"fixed":true}`, string(body))
	end()
	require.NoError(t, <-ended)
}
