package outbound

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// maxNames bounds the host names whose addresses are kept. They come from the configuration alone, vendors' and proxies', and
// no redirect is followed: there are never so many.
const maxNames = 64

// What became of a need for a host name's addresses, for measurements.
const (
	LookupHit    = "hit"    // they were kept
	LookupMiss   = "miss"   // a connection waited for the resolver
	LookupFailed = "failed" // the resolver had none, for a connection that waited or for a renewal
)

// resolver looks up a host name's addresses, in the order in which they are to be tried; net.Resolver is one.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// names keeps the addresses of host names. What is more than half as old as it may become is renewed beside the connection that
// asks for it, so that a host that is called again and again is never waited for; one that nobody calls is not looked up. While
// the resolver fails, the old addresses serve until they end. A nil names keeps nothing.
type names struct {
	resolver resolver
	known    *otter.Cache[string, []netip.Addr]
	observe  Observer

	closing context.Context
	end     context.CancelFunc
	renewal sync.WaitGroup
	mu      sync.Mutex
	closed  bool
}

// newNames keeps addresses for so long.
func newNames(keep time.Duration, resolver resolver, observe Observer, log *slog.Logger) *names {
	n := &names{resolver: resolver, observe: observe}
	n.closing, n.end = context.WithCancel(context.Background())
	n.known = otter.Must(&otter.Options[string, []netip.Addr]{
		MaximumSize:       maxNames,
		ExpiryCalculator:  otter.ExpiryWriting[string, []netip.Addr](keep),
		RefreshCalculator: otter.RefreshWriting[string, []netip.Addr](keep / 2),
		StatsRecorder:     lookups{observe},
		Executor:          n.beside,
		Logger:            namesLog{log},
	})
	return n
}

// close ends renewals under way and waits for them.
func (n *names) close() {
	if n == nil {
		return
	}
	n.end()
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.renewal.Wait()
	n.known.StopAllGoroutines()
}

// beside runs what nobody waits for. net/http may still be dialling for calls that have ended when the seam is closed: then
// nothing is begun that close would not wait for.
func (n *names) beside(task func()) {
	n.mu.Lock()
	closed := n.closed
	if !closed {
		n.renewal.Go(task)
	}
	n.mu.Unlock()
	if closed {
		task()
	}
}

// lookup returns a host's addresses, which are everybody's: they are not to be changed. Of those who miss the same at once one
// asks the resolver.
func (n *names) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return n.known.Get(ctx, host, n)
}

// forget makes the next connection look a host's addresses up.
func (n *names) forget(host string) {
	if n != nil {
		n.known.Invalidate(host)
	}
}

// Load asks the resolver.
func (n *names) Load(ctx context.Context, host string) ([]netip.Addr, error) {
	addresses, err := n.resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addresses) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			n.observe.Lookup(LookupFailed)
		}
		return nil, err
	}
	for i, address := range addresses {
		addresses[i] = address.Unmap() // the resolver gives IPv4 in the form of IPv6
	}
	return addresses, nil
}

// Reload asks the resolver again, for all who will connect: it does not end with the one whose connection was the occasion.
func (n *names) Reload(_ context.Context, host string, _ []netip.Addr) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(n.closing, dialTimeout)
	defer cancel()
	return n.Load(ctx, host) //nolint:contextcheck // it ends with the seam, not with the caller
}

// lookups tells an Observer what otter counts. Failures are told where a caller who left can be told from a resolver that fails.
type lookups struct{ observe Observer }

func (l lookups) RecordHits(count int) {
	for range count {
		l.observe.Lookup(LookupHit)
	}
}

func (l lookups) RecordMisses(count int) {
	for range count {
		l.observe.Lookup(LookupMiss)
	}
}

func (lookups) RecordEviction(uint32)           {}
func (lookups) RecordLoadSuccess(time.Duration) {}
func (lookups) RecordLoadFailure(time.Duration) {}

// namesLog writes otter's lines: renewals that failed, whose errors name the host.
type namesLog struct{ log *slog.Logger }

func (l namesLog) Warn(ctx context.Context, message string, err error) {
	l.log.WarnContext(ctx, "addresses of a host: "+message, "error", err)
}

// Error is not one of ours to give up: the old addresses serve on, or the next connection asks.
func (l namesLog) Error(ctx context.Context, message string, err error) { l.Warn(ctx, message, err) }
