package telemetry

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/postwright/postwright/internal/limit"
)

// maxTakers is how many pages may be on their way out, each of them in memory; a scraper takes one within moments.
const maxTakers = 100

// scrapes serves a page that each asks for anew. One at a time is rendered, for all who wait for it: those who come meanwhile
// wait for the next, so that no answer is older than its question, and however many ask, each waits for two at most of each form.
// None of it is written before it is whole: what is shared is not held while a scraper takes the page, which one that reads
// nothing draws out. When too many draw it out, the one that has done so longest is cut off, so that whoever comes is served.
type scrapes struct {
	page      http.Handler
	takers    *limit.EvictingSlots
	rendering chan struct{} // holds one while one is rendered

	mu   sync.Mutex
	next map[form]*edition // those whose rendering has not begun
}

// form is what of a request decides how the page looks: of everything else that can be asked for there is no end.
type form struct {
	format expfmt.Format
	gzip   bool
}

// edition is a page for all who wait for it; page is there once done is closed, nil where it could not be made.
type edition struct {
	done chan struct{}
	page *renderedPage
}

func newScrapes(page http.Handler) *scrapes {
	return &scrapes{page: page, takers: limit.NewEvictingSlots(maxTakers), rendering: make(chan struct{}, 1), next: map[form]*edition{}}
}

// ServeHTTP implements http.Handler.
func (s *scrapes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, ok := s.render(r)
	if !ok { // the scraper left, or the one who rendered for all panicked
		w.WriteHeader(http.StatusInternalServerError)
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

// render waits for the page; ok is false when the scraper left before. Who comes first renders it for all who come until it
// begins, even if they have left themselves.
func (s *scrapes) render(r *http.Request) (page *renderedPage, ok bool) {
	asked := form{format: expfmt.NegotiateAccept(r.Header, expfmt.DefaultAcceptedFormats()...), gzip: takesGzip(r.Header)}
	s.mu.Lock()
	e, joined := s.next[asked]
	if !joined {
		e = &edition{done: make(chan struct{})}
		s.next[asked] = e
	}
	s.mu.Unlock()
	if !joined {
		s.make(e, asked, r)
	}
	select {
	case <-e.done:
		return e.page, e.page != nil
	case <-r.Context().Done():
		return nil, false
	}
}

func (s *scrapes) make(e *edition, asked form, r *http.Request) {
	s.rendering <- struct{}{}
	defer func() { <-s.rendering }()
	defer close(e.done) // also when it panics
	s.mu.Lock()
	delete(s.next, asked)
	s.mu.Unlock()
	encoding := "identity"
	if asked.gzip {
		encoding = "gzip"
	}
	plain := &http.Request{Method: http.MethodGet, Header: http.Header{"Accept": r.Header["Accept"], "Accept-Encoding": {encoding}}}
	page := &renderedPage{header: http.Header{}, status: http.StatusOK}
	s.page.ServeHTTP(page, plain.WithContext(context.WithoutCancel(r.Context())))
	e.page = page
}

// takesGzip reports whether an answer may be compressed.
func takesGzip(header http.Header) bool {
	for _, offer := range strings.Split(strings.Join(header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(offer, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
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
