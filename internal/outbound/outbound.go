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

// Observer learns what becomes of calls. It is called on the calls' own goroutines and must not block.
type Observer interface {
	// Attempt is told of every attempt that ended: how long it took, and whether it failed (no complete answer, or a
	// status of 400 and above). One that a breaker kept back, or whose hedge was answered first, is none.
	Attempt(vendor, operation string, took time.Duration, failed bool)
	// Retry is told of every attempt after the first, before it begins.
	Retry(vendor, operation string)
	// InFlight is told of every attempt that begins (1) and that ends (-1).
	InFlight(vendor string, change int)
	// Breaker is told of the state of a host's breaker, at the first call and whenever it changes.
	Breaker(vendor, host string, state BreakerState)
}

// Unobserved is an Observer for callers that measure nothing.
type Unobserved struct{}

// Attempt does nothing.
func (Unobserved) Attempt(string, string, time.Duration, bool) {}

// Retry does nothing.
func (Unobserved) Retry(string, string) {}

// InFlight does nothing.
func (Unobserved) InFlight(string, int) {}

// Breaker does nothing.
func (Unobserved) Breaker(string, string, BreakerState) {}

// Seam holds the connections. It is safe for concurrent use.
type Seam struct {
	base     *http.Transport
	dial     dialFunc
	perHost  int64
	places   *semaphore.Weighted
	policies Policies
	observe  Observer
	log      *slog.Logger

	calls sync.WaitGroup // attempts under way

	mu    sync.Mutex
	hosts map[string]*host // as few as base URLs are configured, because no redirect is followed
}

// host is what the calls to one host of a vendor share.
type host struct {
	places  *semaphore.Weighted
	breaker breaker
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
		hosts:    map[string]*host{},
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

// Close waits for the attempts under way, which end with their callers, and lets the idle connections go.
func (s *Seam) Close() {
	s.calls.Wait()
	s.base.CloseIdleConnections()
}

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
func (s *Seam) enter(ctx context.Context, host *host) (leave func(), err error) {
	own := host.places
	if err := own.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := s.places.Acquire(ctx, 1); err != nil {
		own.Release(1)
		return nil, err
	}
	return func() { s.places.Release(1); own.Release(1) }, nil
}

func (s *Seam) host(vendor, name string) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.hosts[vendor+" "+name] // a vendor's breaker is its own, also where two are served by one host
	if known == nil {
		known = &host{places: semaphore.NewWeighted(s.perHost), breaker: s.newBreaker(vendor, name)}
		s.hosts[vendor+" "+name] = known
	}
	return known
}

type operationKey struct{}

// WithOperation names the call that is made with the context: the operationId of the vendor's OpenAPI file.
func WithOperation(ctx context.Context, operationID string) context.Context {
	return context.WithValue(ctx, operationKey{}, operationID)
}

type refusalKey struct{}

// ExpectRefusal marks a call whose caller takes a status of 400 to 499 for an answer: it is not logged and not counted as
// failed.
func ExpectRefusal(ctx context.Context) context.Context {
	return context.WithValue(ctx, refusalKey{}, true)
}

func operationOf(ctx context.Context) string {
	if name, ok := ctx.Value(operationKey{}).(string); ok {
		return name
	}
	return "unnamed"
}
