// Package outbound is the HTTP seam: the one http.RoundTripper under every generated vendor client; and the Gate beside it, for vendors
// that do not speak HTTP.
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
	// KeepNames is how long the addresses of host names are kept; with 0 each connection looks them up.
	KeepNames time.Duration
	// Owner says for whom a caller's call is made, so that each has a share of their own; "" for a call of nobody's. nil
	// knows nobody: then calls with the same token have a share together.
	Owner func(context.Context) string
}

// Defaults returns the limits used where nothing else is configured.
func Defaults() Config {
	return Config{MaxConns: 100, MaxConnsPerHost: 20, IdleTimeout: 90 * time.Second, KeepNames: 5 * time.Minute}
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
	if c.KeepNames < 0 {
		faults = append(faults, fault.Field{Path: "outbound time to keep names", Problem: "must not be negative; 0 keeps none"})
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
	// Lookup is told what became of a need for a host name's addresses: LookupHit, LookupMiss or LookupFailed.
	Lookup(outcome string)
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

// Lookup does nothing.
func (Unobserved) Lookup(string) {}

// Seam holds the connections. It is safe for concurrent use.
type Seam struct {
	base     *http.Transport
	dial     dialFunc
	names    *names
	perHost  int
	owner    func(context.Context) string
	places   places
	policies Policies
	observe  Observer
	log      *slog.Logger

	calls   sync.WaitGroup // calls under way, and attempts that go on without their callers
	closing context.Context
	end     context.CancelFunc

	mu    sync.Mutex
	hosts map[string]*host // as few as base URLs are configured, because no redirect is followed
}

// maxHeaderBytes bounds the header of an answer, which net/http reads before anything here sees it: as much as the server
// takes of a request's. Vendors' are a few KiB.
const maxHeaderBytes = 64 << 10

// host is what the calls to one host of a vendor share.
type host struct {
	places  places
	owners  ownerShares
	breaker *breaker
}

// New returns a Seam. Close it after use. Connections go through the proxy that the environment names (HTTPS_PROXY).
//
// They speak HTTP/1.1 only. One connection then carries one call, so that the limits mean what they say and a connection
// that breaks leaves one call in doubt; and HTTP/2's transport would send a POST again after a PROTOCOL_ERROR, which does
// not promise that the first was not carried out (golang/go#47635).
func New(cfg Config, policies Policies, observe Observer, log *slog.Logger) *Seam {
	connect := (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s := &Seam{
		dial:     connect,
		perHost:  cfg.MaxConnsPerHost,
		owner:    cfg.Owner,
		places:   newPlaces(cfg.MaxConns),
		policies: policies,
		observe:  observe,
		log:      log,
		hosts:    map[string]*host{},
	}
	if cfg.KeepNames > 0 {
		s.names = newNames(cfg.KeepNames, net.DefaultResolver, observe, log)
		s.dial = dialer{names: s.names, connect: connect}.dial
	}
	s.closing, s.end = context.WithCancel(context.Background())
	s.base = &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         s.dialCounted,
		Protocols:           protocols,
		MaxConnsPerHost:     cfg.MaxConnsPerHost,
		MaxIdleConnsPerHost: cfg.MaxConnsPerHost,
		MaxIdleConns:        cfg.MaxConns,
		IdleConnTimeout:     cfg.IdleTimeout,
		TLSHandshakeTimeout: 10 * time.Second,

		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	return s
}

// Close ends the attempts that go on without their callers, waits for the calls under way, which end with their callers, and
// lets the idle connections go.
func (s *Seam) Close() {
	s.end()
	s.calls.Wait()
	s.base.CloseIdleConnections()
	s.names.close()
}

// Client returns the client for one vendor's calls. It follows no redirect: a bearer token must not travel to where an
// answer points.
func (s *Seam) Client(vendor string) *http.Client {
	return &http.Client{
		Transport:     &roundTripper{seam: s, vendor: vendor},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (s *Seam) host(vendor, name string) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.hosts[vendor+" "+name] // a vendor's breaker is its own, also where two are served by one host
	if known == nil {
		known = &host{
			places: newPlaces(s.perHost), breaker: s.newBreaker(vendor, name),
			owners: ownerShares{each: share(s.perHost, 1, 4), of: map[string]*ownerShare{}},
		}
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
