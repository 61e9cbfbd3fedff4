// Package outbound is the HTTP seam: the one http.RoundTripper under every generated vendor client.
//
// It owns the connections, what every call has in common (its time limit, the size of its answer, its measurements, its
// log line), and the translation of a failed exchange into a fault that says whether the request may have arrived. It
// must not know what the calls are for or what a vendor's answers mean.
package outbound

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/postwright/postwright/internal/fault"
)

// Config bounds the connections of all vendors together. Start from Defaults: no bound may be zero.
type Config struct {
	// MaxConns bounds the calls under way, and with them the connections in use, in all.
	MaxConns int
	// MaxConnsPerHost bounds the calls under way to one host and the connections to it.
	MaxConnsPerHost int
	// IdleTimeout is how long an unused connection is kept for the next call.
	IdleTimeout time.Duration
}

// Defaults returns the limits used where nothing else is configured.
func Defaults() Config {
	return Config{MaxConns: 100, MaxConnsPerHost: 20, IdleTimeout: 90 * time.Second}
}

// Faults lists everything that is wrong with the configuration.
func (c Config) Faults() []fault.Field {
	var faults []fault.Field
	if c.MaxConns < 1 {
		faults = append(faults, fault.Field{Path: "outbound connections", Problem: "must be at least 1"})
	}
	if c.MaxConnsPerHost < 1 {
		faults = append(faults, fault.Field{Path: "outbound connections per host", Problem: "must be at least 1"})
	}
	if c.IdleTimeout <= 0 {
		faults = append(faults, fault.Field{Path: "outbound idle timeout", Problem: "must be more than 0, such as 90s"})
	}
	return faults
}

// Observer learns of every call that ended: vendor, operation, how long it took, and whether it failed (no complete
// answer, or a status of 400 and above). It is called on the call's own goroutine and must not block.
type Observer func(vendor, operation string, took time.Duration, failed bool)

// Seam holds the connections. It is safe for concurrent use.
type Seam struct {
	base     *http.Transport
	dial     dialFunc
	perHost  int64
	places   *semaphore.Weighted
	policies Policies
	observe  Observer
	log      *slog.Logger

	mu    sync.Mutex
	hosts map[string]*semaphore.Weighted // as few as base URLs are configured, because no redirect is followed
}

// New returns a Seam. Close it after use. Connections go through the proxy that the environment names (HTTPS_PROXY).
//
// They speak HTTP/1.1 only. One connection then carries one call, so that the limits mean what they say and a connection
// that breaks leaves one call in doubt; and HTTP/2's transport would send a POST again after a PROTOCOL_ERROR, which does
// not promise that the first was not carried out (golang/go#47635).
func New(cfg Config, policies Policies, observe Observer, log *slog.Logger) *Seam {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s := &Seam{
		dial:     dialer.DialContext,
		perHost:  int64(cfg.MaxConnsPerHost),
		places:   semaphore.NewWeighted(int64(cfg.MaxConns)),
		policies: policies,
		observe:  observe,
		log:      log,
		hosts:    map[string]*semaphore.Weighted{},
	}
	s.base = &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         s.dialCounted,
		Protocols:           protocols,
		MaxConnsPerHost:     cfg.MaxConnsPerHost,
		MaxIdleConnsPerHost: cfg.MaxConnsPerHost,
		MaxIdleConns:        cfg.MaxConns,
		IdleConnTimeout:     cfg.IdleTimeout,
		TLSHandshakeTimeout: 10 * time.Second,
	}
	return s
}

// Close lets the idle connections go. Calls under way end by themselves.
func (s *Seam) Close() { s.base.CloseIdleConnections() }

// Client returns the client for one vendor's calls. It follows no redirect: a bearer token must not travel to where an
// answer points.
func (s *Seam) Client(vendor string) *http.Client {
	return &http.Client{
		Transport:     &roundTripper{seam: s, vendor: vendor},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// enter waits for a place among the calls under way. A call waits for its host before it takes one of the places that
// all share: else the calls queueing for one slow vendor would hold up those to the others.
func (s *Seam) enter(ctx context.Context, host string) (leave func(), err error) {
	own := s.placesAt(host)
	if err := own.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := s.places.Acquire(ctx, 1); err != nil {
		own.Release(1)
		return nil, err
	}
	return func() { s.places.Release(1); own.Release(1) }, nil
}

func (s *Seam) placesAt(host string) *semaphore.Weighted {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, known := s.hosts[host]
	if !known {
		own = semaphore.NewWeighted(s.perHost)
		s.hosts[host] = own
	}
	return own
}

type operationKey struct{}

// WithOperation names the call that is made with the context: the operationId of the vendor's OpenAPI file.
func WithOperation(ctx context.Context, operationID string) context.Context {
	return context.WithValue(ctx, operationKey{}, operationID)
}

func operationOf(ctx context.Context) string {
	if name, ok := ctx.Value(operationKey{}).(string); ok {
		return name
	}
	return "unnamed"
}
