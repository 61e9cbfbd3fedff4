package linkedin_test

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const token = answertest.Token

// A 201 is a published post, whatever else the answer holds or lacks: to call it a failure would invite a second send.
func TestACreatedPostIsASuccess(t *testing.T) {
	t.Parallel()
	legacy := func(cfg *linkedin.Config) { cfg.Legacy = true }
	tests := map[string]struct {
		change func(*linkedin.Config)
		header map[string]string
		body   string
		want   string // URN, "" for unknown
	}{
		"a share":             {nil, map[string]string{"x-restli-id": "urn:li:share:7"}, "", "urn:li:share:7"},
		"a ugcPost":           {nil, map[string]string{"X-RestLi-Id": "urn:li:ugcPost:7"}, "", "urn:li:ugcPost:7"},
		"no id":               {nil, nil, "", ""},
		"an unreadable id":    {nil, map[string]string{"x-restli-id": "7"}, "", ""},
		"garbage in the body": {nil, map[string]string{"x-restli-id": "urn:li:share:7"}, "<html>", "urn:li:share:7"},
		"the id in the body":  {legacy, nil, `{"id":"urn:li:share:8"}`, "urn:li:share:8"},
		"legacy, id in the header": {
			legacy,
			map[string]string{"x-restli-id": "urn:li:share:7"},
			`{"id":"urn:li:share:8"}`,
			"urn:li:share:7",
		},
		"legacy, nothing":            {legacy, nil, "", ""},
		"legacy, garbage as the id":  {legacy, nil, `{"id":7}`, ""},
		"legacy, garbage all around": {legacy, nil, `[`, ""},
		"the name of its author":     {nil, map[string]string{"x-restli-id": "urn:li:person:ada"}, "", ""},
		"a name of another kind":     {nil, map[string]string{"x-restli-id": "urn:li:groupPost:7"}, "", ""},
		"its author's, and its own in the body": {
			nil,
			map[string]string{"x-restli-id": "urn:li:person:ada"},
			`{"id":"urn:li:share:8"}`,
			"urn:li:share:8",
		},
		"the author's in the body": {legacy, nil, `{"id":"urn:li:organization:5"}`, ""},
		"encoded":                  {nil, map[string]string{"x-restli-id": "urn%3Ali%3Ashare%3A7"}, "", "urn:li:share:7"},
		"in the older header":      {nil, map[string]string{"X-LinkedIn-Id": "urn:li:share:7"}, "", "urn:li:share:7"},
		"in the location":          {nil, map[string]string{"Location": "/rest/posts/urn%3Ali%3AugcPost%3A7"}, "", "urn:li:ugcPost:7"},
		"another location":         {nil, map[string]string{"Location": "https://www.linkedin.com/feed/"}, "", ""},
		"a number in the body":     {nil, nil, `{"id":7}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := map[string]string{"x-li-request-id": "trace-1"}
			for k, v := range test.header {
				header[k] = v
			}
			client, _ := serve(t, test.change, http.StatusCreated, header, test.body)
			created, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
				Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
			})
			require.NoError(t, err)
			require.Equal(t, test.want, created.URN.String())
			require.Equal(t, 201, created.Status)
			require.Equal(t, "trace-1", created.TraceID)
		})
	}
}

func TestACreatedPostWhoseAnswerBreaksOffIsASuccess(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(conn, "HTTP/1.1 201 Created\r\nx-restli-id: urn:li:share:7\r\nContent-Length: 9\r\n\r\nfour")
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}()
	t.Cleanup(func() { _ = listener.Close(); <-served })
	client, err := linkedin.New(configFor("http://"+listener.Addr().String()), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)

	created, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
		Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
	})
	require.NoError(t, err)
	require.Equal(t, "urn:li:share:7", created.URN.String())
}

func TestGetPost(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"id":"urn:li:share:1","author":"urn:li:organization:5","commentary":"on {hashtag|\\#|go} \\(really\\)",
		"visibility":"LOGGED_IN","lifecycleState":"PUBLISHED","createdAt":1763812800121,"publishedAt":1763812800123,"lastModifiedAt":1763812800125,
		"content":{"media":{}}}`)
	post, err := client.GetPost(t.Context(), token, urn(t, "urn:li:share:1"))
	require.NoError(t, err)
	require.Equal(t, linkedin.Post{
		URN: urn(t, "urn:li:share:1"), Author: urn(t, "urn:li:organization:5"), Text: "on #go (really)",
		Visibility: "LOGGED_IN", LifecycleState: "PUBLISHED",
		CreatedAt: time.UnixMilli(1763812800121), PublishedAt: time.UnixMilli(1763812800123), LastModifiedAt: time.UnixMilli(1763812800125),
	}, post)

	for name, body := range map[string]string{"no id": `{"author":"urn:li:person:a"}`, "no author": `{"id":"urn:li:share:1"}`, "nothing": `{}`,
		"null": `null`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, body)
			_, err := client.GetPost(t.Context(), token, urn(t, "urn:li:share:1"))
			requireBadAnswer(t, err)
		})
	}
}

func TestPostsByAuthor(t *testing.T) {
	t.Parallel()
	const (
		one = `{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":"one \\(1\\)","lastModifiedAt":1763812800125}`
		two = `{"id":"urn:li:ugcPost:2","author":"urn:li:person:ada","commentary":"","visibility":"PUBLIC"}`
	)
	ada := urn(t, "urn:li:person:ada")
	first := linkedin.Post{URN: urn(t, "urn:li:share:1"), Author: ada, Text: "one (1)", LastModifiedAt: time.UnixMilli(1763812800125)}
	second := linkedin.Post{URN: urn(t, "urn:li:ugcPost:2"), Author: ada, Visibility: "PUBLIC"}
	tests := map[string]struct {
		body     string
		want     []linkedin.Post
		complete bool
		bad      bool
	}{
		"fewer than asked for": {
			`{"elements":[` + one + `,` + two + `],"paging":{"start":0,"count":3,"links":[],"total":2}}`,
			[]linkedin.Post{first, second},
			true,
			false,
		},
		"fewer, and no paging": {`{"elements":[` + one + `]}`, []linkedin.Post{first}, true, false},
		"fewer, and no total":  {`{"elements":[` + one + `],"paging":{"start":0,"count":3}}`, []linkedin.Post{first}, true, false},
		"a page that holds fewer": {
			`{"elements":[` + one + `,` + two + `],"paging":{"start":0,"count":2,"links":[]}}`,
			[]linkedin.Post{first, second},
			false,
			false,
		},
		"fewer than a page holds":   {`{"elements":[` + one + `],"paging":{"count":2}}`, []linkedin.Post{first}, true, false},
		"none":                      {`{"elements":[]}`, nil, true, false},
		"none, of a page for none":  {`{"elements":[],"paging":{"count":0}}`, nil, true, false},
		"fewer, of a greater total": {`{"elements":[` + one + `],"paging":{"total":2}}`, []linkedin.Post{first}, false, false},
		"fewer, and a next page": {
			`{"elements":[` + one + `],"paging":{"links":[{"rel":"prev"},{"rel":"next"}]}}`,
			[]linkedin.Post{first},
			false,
			false,
		},
		"fewer, and a page before":   {`{"elements":[` + one + `],"paging":{"links":[{"rel":"prev"}]}}`, []linkedin.Post{first}, true, false},
		"none here, but a next page": {`{"elements":[],"paging":{"links":[{"rel":"next"}]}}`, nil, false, false},
		"as many as asked for": {
			`{"elements":[` + one + `,` + two + `,` + one + `],"paging":{"total":3}}`,
			[]linkedin.Post{first, second, first},
			false,
			false,
		},
		"nothing said":             {`{}`, nil, false, true},
		"null":                     {`{"elements":null}`, nil, false, true},
		"an element without a URN": {`{"elements":[` + one + `,{"author":"urn:li:person:ada","commentary":""}]}`, nil, false, true},
		"an element of an unknown kind": {
			`{"elements":[{"id":"urn:li:groupPost:1","author":"urn:li:person:ada","commentary":""},` + one + `]}`,
			nil,
			false,
			true,
		},
		"an element without an author": {`{"elements":[{"id":"urn:li:share:1","commentary":""}]}`, nil, false, true},
		"an element of another author": {`{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:bob","commentary":""}]}`, nil, false, true},
		"an element without a text":    {`{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:ada"}]}`, nil, false, true},
		"an element that is a person":  {`{"elements":[{"id":"urn:li:person:ada","author":"urn:li:person:ada","commentary":""}]}`, nil, false, true},
		"an element that is null":      {`{"elements":[null]}`, nil, false, true},
		"a text of another type": {
			`{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":{"text":""}}]}`,
			nil,
			false,
			true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, complete, err := client.PostsByAuthor(t.Context(), token, ada, 3)
			require.Equal(t, test.want, got)
			require.Equal(t, test.complete, complete)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

// Taken for milliseconds, a time in another unit would make a post of today one of 1970, or of a day to come.
func TestATimeOfAPostThatCanNotBeMeantSaysNothing(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1763812800125)
	for given, want := range map[string]time.Time{
		`1763812800125`: at, `"1763812800125"`: at, `1763812800125.0`: at, // in milliseconds
		`1763812800`: {}, `"1763812800"`: {}, `1763812800125000`: {}, `1763812800125000000`: {}, // in seconds, micro- and nanoseconds
		`0`: {}, `-1`: {}, `-9223372036854775808`: {}, `9223372036854775807`: {}, `1e400`: {}, `null`: {}, `""`: {},
		`"2025-11-22T12:00:00Z"`: {}, `{"time":1763812800125}`: {}, `true`: {},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, `{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":"","createdAt":`+
				given+`,"publishedAt":`+given+`,"lastModifiedAt":`+given+`}]}`)
			posts, complete, err := client.PostsByAuthor(t.Context(), token, urn(t, "urn:li:person:ada"), 3)
			require.NoError(t, err)
			require.True(t, complete)
			require.Equal(t, []time.Time{want, want, want}, []time.Time{posts[0].CreatedAt, posts[0].PublishedAt, posts[0].LastModifiedAt})
		})
	}
}
