package console_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/console"
	served "github.com/postwright/postwright/internal/console"
)

var script = strings.Repeat("console.log('Hello');\n", 100)

func newHandler(t *testing.T) *served.Handler {
	t.Helper()
	h, err := served.NewHandler(fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>")}, "assets/index-0a1b2c3d.js": {Data: []byte(script)},
		"favicon.svg": {Data: []byte("<svg/>")},
	})
	require.NoError(t, err)
	return h
}

func request(t *testing.T, method, path string, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func TestWhatIsTheConsolesAndWhatIsTheAPIs(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	const page, anything = "text/html,application/xhtml+xml,*/*;q=0.8", "*/*"
	for _, c := range []struct {
		method, path, accept string
		takes                bool
	}{
		{"GET", "/", anything, true},
		{"HEAD", "/", page, true},
		{"GET", "/posts", page, true},
		{"GET", "/posts/0190a1b2-0000-7000-8000-000000000000", page, true},
		{"GET", "/assets/index-0a1b2c3d.js", anything, true},
		{"GET", "/favicon.svg", anything, true},
		{"GET", "/posts", anything, false},
		{"POST", "/", page, false},
		{"POST", "/posts", page, false},
		{"OPTIONS", "/", page, false},
		{"GET", "/assets/gone-0a1b2c3d.js", page, false},
		{"GET", "/postwright.v1.PostService/GetPost", page, false},
		{"POST", "/postwright.v1.PostService/GetPost", page, false},
		{"GET", "/grpc.health.v1.Health/Check", page, false},
		{"GET", "/../index.html", page, false},
	} {
		require.Equal(t, c.takes, h.Takes(request(t, c.method, c.path, "Accept", c.accept)), "%s %s as %s", c.method, c.path, c.accept)
	}
	var none *served.Handler
	require.False(t, none.Takes(request(t, "GET", "/", "Accept", page)))
}

func TestABrowserLetsInNothingButTheConsole(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	for _, path := range []string{"/", "/posts", "/assets/index-0a1b2c3d.js"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "GET", path))
		require.Equal(t, http.StatusOK, w.Code)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
				"connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			require.Equal(t, want, w.Header().Get(name), path)
		}
		require.NotEmpty(t, w.Header().Get("Permissions-Policy"), path)
	}
}

func TestAFileWithAHashInItsNameIsKeptAndAPageIsAskedForAgain(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	for path, want := range map[string]string{
		"/": "no-cache", "/posts": "no-cache", "/favicon.svg": "no-cache", "/assets/index-0a1b2c3d.js": "public, max-age=31536000, immutable",
	} {
		first := httptest.NewRecorder()
		h.ServeHTTP(first, request(t, "GET", path))
		require.Equal(t, want, first.Header().Get("Cache-Control"), path)
		tag := first.Header().Get("Etag")
		require.NotEmpty(t, tag, path)
		again := httptest.NewRecorder()
		h.ServeHTTP(again, request(t, "GET", path, "If-None-Match", tag))
		require.Equal(t, http.StatusNotModified, again.Code, path)
		require.Empty(t, again.Body.String(), path)
	}
}

func TestWhoTakesGzipGetsTheSameInFewerBytes(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	for accepted, want := range map[string]string{
		"gzip, deflate, br, zstd": "gzip", "br;q=1, GZIP;q=0.5": "gzip", "": "", "br": "", "gzip;q=0": "", "deflate, gzip; q=0": "",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "GET", "/assets/index-0a1b2c3d.js", "Accept-Encoding", accepted))
		require.Equal(t, want, w.Header().Get("Content-Encoding"), accepted)
		require.Equal(t, "Accept-Encoding", w.Header().Get("Vary"), accepted)
		require.Equal(t, "text/javascript; charset=utf-8", w.Header().Get("Content-Type"), accepted)
		body := io.Reader(w.Body)
		if want == "gzip" {
			require.Less(t, w.Body.Len(), len(script)/4)
			unpacked, err := gzip.NewReader(w.Body)
			require.NoError(t, err)
			body = unpacked
		}
		content, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, script, string(content), accepted)
	}
}

func TestFilesThatCannotBeServedAreNamedAtTheStart(t *testing.T) {
	t.Parallel()
	_, err := served.NewHandler(fstest.MapFS{"assets/a.js": {Data: nil}})
	require.ErrorContains(t, err, "index.html")
	_, err = served.NewHandler(fstest.MapFS{"index.html": {Data: nil}, "a.exe": {Data: nil}})
	require.ErrorContains(t, err, "a.exe")
}

// What was built loads nothing that the policy refuses.
func TestTheBuiltFilesAreServed(t *testing.T) {
	t.Parallel()
	h, err := served.NewHandler(console.Files)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "GET", "/"))
	require.Equal(t, http.StatusOK, w.Code)
	for _, inline := range []string{"<script>", "<style", " style=", " onclick=", "http://", "https://"} {
		require.NotContains(t, w.Body.String(), inline)
	}
}
