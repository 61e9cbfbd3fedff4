package telemetry

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/postwright/postwright/internal/limit"
)

// maxTakers is how many pages may be on their way out, each of them in memory; a scraper takes one within moments.
const maxTakers = 100

// scrapes serves a page that each asks for anew. One at a time is rendered, and none of it is written before: what is shared
// is not held while a scraper takes the page, which one that reads nothing draws out. When too many draw it out, the
// one that has done so longest is cut off, so that whoever comes is served.
type scrapes struct {
	page      http.Handler
	rendering chan struct{}
	takers    *limit.Newest
}

// ServeHTTP implements http.Handler.
func (s *scrapes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, ok := s.render(r)
	if !ok {
		return
	}
	taker := http.NewResponseController(w)
	defer s.takers.Enter(func() {
		_ = taker.SetWriteDeadline(time.Unix(1, 0)) // long ago; a writer without deadlines holds nobody up
	})()
	maps.Copy(w.Header(), page.header)
	w.Header().Set("Content-Length", strconv.Itoa(page.body.Len()))
	w.WriteHeader(page.status)
	_, _ = w.Write(page.body.Bytes()) // a scraper who left learns nothing
}

// render makes the page; ok is false when the scraper left before it was their turn.
func (s *scrapes) render(r *http.Request) (page *renderedPage, ok bool) {
	select {
	case s.rendering <- struct{}{}:
	case <-r.Context().Done():
		return nil, false
	}
	defer func() { <-s.rendering }()
	page = &renderedPage{header: http.Header{}, status: http.StatusOK}
	s.page.ServeHTTP(page, r)
	return page, true
}

// renderedPage is an answer that is kept instead of written.
type renderedPage struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (p *renderedPage) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *renderedPage) WriteHeader(status int) { p.status = status }

// Write implements http.ResponseWriter.
func (p *renderedPage) Write(b []byte) (int, error) { return p.body.Write(b) }
