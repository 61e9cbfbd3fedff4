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
	"time"

	"golang.org/x/sync/semaphore"
)

// Config bounds the connections of all vendors together.
type Config struct {
	// MaxConns bounds the calls under way, and with them the connections in use, in all.
	MaxConns int
	// MaxConnsPerHost bounds the connections to one host.
	MaxConnsPerHost int
	// IdleTimeout is how long an unused connection is kept for the next call.
	IdleTimeout time.Duration
}

// Defaults returns the limits used where nothing else is configured.
func Defaults() Config {
	return Config{MaxConns: 100, MaxConnsPerHost: 20, IdleTimeout: 90 * time.Second}
}

// Observer learns of every call that ended: vendor, operation, how long it took, and whether it failed (no answer, or a
// status of 400 and above). It is called on the call's own goroutine and must not block.
type Observer func(vendor, operation string, took time.Duration, failed bool)

// Seam holds the connections. It is safe for concurrent use.
type Seam struct {
	base     *http.Transport
	places   *semaphore.Weighted
	policies Policies
	observe  Observer
	log      *slog.Logger
}

// New returns a Seam. Close it after use.
func New(cfg Config, policies Policies, observe Observer, log *slog.Logger) *Seam {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &Seam{
		base: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			ForceAttemptHTTP2:     true,
			MaxConnsPerHost:       cfg.MaxConnsPerHost,
			MaxIdleConnsPerHost:   cfg.MaxConnsPerHost,
			MaxIdleConns:          cfg.MaxConns,
			IdleConnTimeout:       cfg.IdleTimeout,
			TLSHandshakeTimeout:   10 * time.Second,
			ExpectContinueTimeout: time.Second,
		},
		places:   semaphore.NewWeighted(int64(cfg.MaxConns)),
		policies: policies,
		observe:  observe,
		log:      log,
	}
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
