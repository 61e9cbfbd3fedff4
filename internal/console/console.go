// Package console serves the built files of the console, the pages in which people use Postwright, with headers under which a browser
// lets nothing else in.
//
// It must not know what the pages do: they call the API as everybody does. Their sources lie beside it in web, and what is built of
// them in gen/console.
package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// index is the page that shows every other one.
const index = "index.html"

// policy lets the pages load their own files, and call this server, and nothing else: no inline script or style, no other host, no
// frame around them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// types are the kinds of files that there may be. Go's own table asks the machine for more, and each answers something else.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".ico": "image/x-icon", ".js": "text/javascript; charset=utf-8",
	".json": "application/json", ".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json", ".woff2": "font/woff2",
}

// least is from which size on a file is compressed: smaller ones gain nothing.
const least = 1 << 10

// file is one of the built files.
type file struct {
	kind, tag  string
	content    []byte
	compressed func() []byte // nil where that gains nothing; made when it is first asked for
	hashed     bool          // another content would have another name
}

// Handler serves the console. A nil Handler takes nothing.
type Handler struct{ files map[string]*file } // by path, with a slash before it

// NewHandler serves files, which hold index.html, and under assets/ what has a hash of its content in its name.
func NewHandler(files fs.FS) (*Handler, error) {
	h := &Handler{files: map[string]*file{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		kind, known := types[path.Ext(name)]
		if !known {
			return fmt.Errorf("the console has a file of a kind that is not known: %s", name)
		}
		h.files["/"+name] = newFile(kind, content, strings.HasPrefix(name, "assets/"))
		return nil
	})
	if err == nil && h.files["/"+index] == nil {
		err = fmt.Errorf("the console has no %s: build it with `just gen`", index)
	}
	return h, err
}

func newFile(kind string, content []byte, hashed bool) *file {
	sum := sha256.Sum256(content)
	f := &file{kind: kind, tag: hex.EncodeToString(sum[:8]), content: content, hashed: hashed}
	text := strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg")
	if text && len(content) >= least {
		f.compressed = sync.OnceValue(func() []byte { return compress(content) })
	}
	return f
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
	_, _ = w.Write(content)                               // to memory: it can't fail
	_ = w.Close()
	return b.Bytes()
}

// Takes reports whether a request is for the console: for one of its files, or for a page, which a browser asks for as HTML. No page
// has a dot in its address, and every method of the API has one. Programs that ask for what there is not are for the API to answer.
func (h *Handler) Takes(r *http.Request) bool {
	if h == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if r.URL.Path == "/" || h.files[r.URL.Path] != nil {
		return true
	}
	return !strings.Contains(r.URL.Path, ".") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// ServeHTTP implements http.Handler, for what it takes.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := h.files[r.URL.Path]
	if f == nil {
		f = h.files["/"+index]
	}
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", "no-cache")
	if f.hashed {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	content, tag := f.content, f.tag
	if f.compressed != nil {
		header.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			content, tag = f.compressed(), f.tag+"-gzip"
			header.Set("Content-Encoding", "gzip")
		}
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// takesGzip reports whether a client takes gzip, as all browsers do. One that takes everything but this is no browser.
func takesGzip(r *http.Request) bool {
	for _, coding := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0") || strings.Contains(weight, "0.")
		}
	}
	return false
}
