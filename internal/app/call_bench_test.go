package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/telemetry"
)

// What a call costs from when net/http has read its head: everything that is around a call, with the default settings, save that
// the caller may ask as fast as they can. The post and the key of GetPost are in the cache.
//
//	go test -run '^$' -bench Call -count 10 ./internal/app > new && benchstat old new
func BenchmarkCall(b *testing.B) {
	c := newCalled(b)
	answer := c.call(b, "CreatePost", `{"post":{"content":"`+strings.Repeat("A text as people write it. ", 11)+`"}}`)
	var created struct{ Post struct{ ID string } }
	require.NoError(b, json.Unmarshal(answer, &created))
	for _, of := range []struct{ method, body string }{
		{"GetPost", `{"id":"` + created.Post.ID + `"}`},
		{"CreatePost", `{"post":{"content":"` + strings.Repeat("A text as people write it. ", 11) + `"}}`},
		{"ListPosts", `{}`},
	} {
		b.Run("method="+of.method, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.call(b, of.method, of.body)
			}
		})
	}
}

// called is a Postwright that is called without connections.
type called struct {
	handler http.Handler
	header  http.Header
	answer  answer
}

func newCalled(b *testing.B) *called {
	b.Helper()
	cfg := app.Defaults()
	cfg.Database.URL, cfg.Database.MinConnections = app.Secret(dbtest.New(b)), app.Count{}
	cfg.Server.KeyRate, cfg.Server.KeyBurst = app.Count{Value: 1_000_000}, app.Count{Value: 1_000_000}
	cfg.Server.OwnerRate, cfg.Server.OwnerBurst = cfg.Server.KeyRate, cfg.Server.KeyBurst
	node, err := app.New(b.Context(), cfg, telemetry.NewLogger(io.Discard, slog.LevelInfo, false))
	require.NoError(b, err)
	b.Cleanup(node.Close)
	user, err := node.Identity.CreateUser(b.Context(), "tess@example.org", "")
	require.NoError(b, err)
	key, _, err := node.Identity.CreateKey(b.Context(), user.ID, "")
	require.NoError(b, err)
	handler, err := node.Handler(b.Context())
	require.NoError(b, err)
	return &called{handler: handler, answer: answer{header: http.Header{}}, header: http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer " + key},
	}}
}

// call returns the answer's body, which is good until the next call.
func (c *called) call(b *testing.B, method, body string) []byte {
	b.Helper()
	request := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/postwright.v1.PostService/" + method}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: maps.Clone(c.header), Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		Host: "127.0.0.1:8080", RemoteAddr: "127.0.0.1:40000",
	}
	request.Header["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.answer.reset()
	c.handler.ServeHTTP(&c.answer, request.WithContext(b.Context()))
	if c.answer.status != http.StatusOK {
		b.Fatal(c.answer.status, c.answer.body.String())
	}
	return c.answer.body.Bytes()
}

// answer is a response writer that is used again and again.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) reset() {
	clear(a.header)
	a.status = http.StatusOK
	a.body.Reset()
}

func (a *answer) Header() http.Header               { return a.header }
func (a *answer) WriteHeader(status int)            { a.status = status }
func (a *answer) Write(content []byte) (int, error) { return a.body.Write(content) }
func (a *answer) SetReadDeadline(time.Time) error   { return nil }
