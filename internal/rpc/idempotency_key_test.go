package rpc_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app/apptest"
)

// asked calls a method with headers of the test's choice beside those of curl.
func (w *world) asked(method, body string, header http.Header) apptest.Answer {
	w.T.Helper()
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodPost, w.URL+"/postwright.v1."+method, bytes.NewReader([]byte(body)))
	require.NoError(w.T, err)
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+w.Key)
	return w.Send(req)
}

func TestAnIdempotencyKeyIsTheRequestID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	const hello = `{"post":{"content":"Hello"}}`
	key := http.Header{"Idempotency-Key": {`"once"`}}
	first := w.asked("PostService/CreatePost", hello, key)
	require.Equal(t, http.StatusOK, first.Status, "%s", first.Body)
	for _, again := range []apptest.Answer{
		w.asked("PostService/CreatePost", hello, key),
		w.asked("PostService/CreatePost", hello, http.Header{"Idempotency-Key": {"once"}}),
		w.asked("PostService/CreatePost", `{"post":{"content":"Hello"},"requestId":"once"}`, key),
		w.asked("PostService/CreatePost", `{"post":{"content":"Hello"},"requestId":"once"}`, http.Header{}),
	} {
		require.JSONEq(t, string(first.Body), string(again.Body))
	}
	for name, c := range map[string]struct {
		method, body string
		header       http.Header
		field, want  string
	}{
		"two that differ": {"PostService/CreatePost", `{"post":{"content":"Hello"},"requestId":"twice"}`, key, "Idempotency-Key",
			"is another than requestId: send one of them, or the same in both"},
		"used for something else": {"PostService/CreatePost", `{"post":{"content":"Bye"}}`, key, "requestId",
			"was used before for another request: choose a new one"},
		"none in it": {"PostService/CreatePost", hello, http.Header{"Idempotency-Key": {`""`}}, "Idempotency-Key",
			"is empty: send a key that is new for each request, such as a UUID"},
		"twice": {"PostService/CreatePost", hello, http.Header{"Idempotency-Key": {"a", "b"}}, "Idempotency-Key",
			"is there more than once: send one"},
		"under another name": {"PostService/CreatePost", hello, http.Header{"X-Idempotency-Key": {"a"}}, "X-Idempotency-Key",
			"is not known: send the key as Idempotency-Key"},
		"where nothing remembers it": {"NotificationService/SendEmail", `{"to":"tess@example.org","subject":"Hi","content":"Hi"}`, key, "Idempotency-Key",
			"is not taken by this method, whose repeat is another call: leave it out"},
	} {
		t.Run(name, func(t *testing.T) {
			failure := w.asked(c.method, c.body, c.header).Failure(t)
			require.Equal(t, "invalid_argument", failure.Code)
			require.Equal(t, map[string]string{c.field: c.want}, failure.Fields(t))
		})
	}
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM posts`))
	require.Zero(t, w.Count(`SELECT count(*) FROM notifications`))
	require.Equal(t, http.StatusOK, w.asked("PostService/ListPosts", `{}`, key).Status, "a read is repeated without harm")
}
