package limit

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Rate is that of a token bucket: so many a second and a minute together.
type Rate struct {
	PerSecond, PerMinute int // both 0 for no limit
	Burst                int // how many may come at once after a rest
}

func (r Rate) off() bool { return r.PerSecond == 0 && r.PerMinute == 0 }

func (r Rate) perSecond() float64 { return float64(r.PerSecond) + float64(r.PerMinute)/60 }

func (r Rate) limiter() *rate.Limiter { return rate.NewLimiter(rate.Limit(r.perSecond()), r.Burst) }

// BucketState is how full a bucket is. The zero value is that of no limit.
type BucketState struct {
	Limit     int           // what the bucket holds when it is full
	Remaining int           // what it holds now
	Full      time.Duration // until it is full again
	Wait      time.Duration // until it holds one again; 0 while it holds one
}

func (r Rate) state(tokens float64) BucketState {
	after := func(missing float64) time.Duration {
		return time.Duration(max(missing, 0) / r.perSecond() * float64(time.Second))
	}
	return BucketState{
		Limit: r.Burst, Remaining: max(int(tokens), 0),
		Full: after(float64(r.Burst) - tokens), Wait: after(1 - tokens),
	}
}

// tighter is the state of the bucket that will refuse first.
func tighter(a, b BucketState) BucketState {
	if a.Limit == 0 || (b.Limit != 0 && b.Remaining < a.Remaining) {
		return b
	}
	return a
}

// sweepFrom is how many buckets there are at least before full ones are thrown away.
const sweepFrom = 1 << 10

// buckets are the token buckets of those whose number is bounded elsewhere: keys and owners that exist.
type buckets[K comparable] struct {
	rate Rate
	now  func() time.Time

	mu      sync.Mutex
	of      map[K]*rate.Limiter
	sweepAt int
}

func newBuckets[K comparable](of Rate, now func() time.Time) *buckets[K] {
	return &buckets[K]{rate: of, now: now, of: map[K]*rate.Limiter{}, sweepAt: sweepFrom}
}

// take takes one token, and reports whether there was one.
func (b *buckets[K]) take(key K) (BucketState, bool) {
	if b.rate.off() {
		return BucketState{}, true
	}
	now := b.now()
	bucket := b.bucket(key, now)
	allowed := bucket.AllowN(now, 1)
	return b.rate.state(bucket.TokensAt(now)), allowed
}

func (b *buckets[K]) bucket(key K, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	bucket := b.of[key]
	if bucket == nil {
		b.sweep(now)
		bucket = b.rate.limiter()
		b.of[key] = bucket
	}
	return bucket
}

// sweep throws full buckets away, which are as good as new ones, whenever there are twice as many as it left the last
// time.
func (b *buckets[K]) sweep(now time.Time) {
	if len(b.of) < b.sweepAt {
		return
	}
	for key, bucket := range b.of {
		if bucket.TokensAt(now) >= float64(b.rate.Burst) {
			delete(b.of, key)
		}
	}
	b.sweepAt = max(sweepFrom, 2*len(b.of))
}

// tableSize is how many buckets all of one table share: 128 KiB for the table, and 100 bytes for each that is in use.
const tableSize = 1 << 14

// table are the token buckets of what anybody can have many of. They lie in a table of fixed size, at places that nobody outside can
// foretell: those that meet at one place share a bucket. So an attacker with however many takes no more memory, and pushes no bucket
// out; what they can do at most is to empty the buckets of others.
type table[K comparable] struct {
	rate   Rate
	now    func() time.Time
	seed   maphash.Seed
	places []atomic.Pointer[rate.Limiter]
}

func newTable[K comparable](of Rate, now func() time.Time) table[K] {
	return table[K]{rate: of, now: now, seed: maphash.MakeSeed(), places: make([]atomic.Pointer[rate.Limiter], tableSize)}
}

// take takes a token, and says how long to wait where there is none.
func (t *table[K]) take(of K) (wait time.Duration) {
	if t.rate.off() {
		return 0
	}
	now, bucket := t.now(), t.bucket(of)
	if bucket.AllowN(now, 1) {
		return 0
	}
	return t.rate.state(bucket.TokensAt(now)).Wait
}

func (t *table[K]) bucket(of K) *rate.Limiter {
	place := &t.places[maphash.Comparable(t.seed, of)%tableSize]
	if bucket := place.Load(); bucket != nil {
		return bucket
	}
	place.CompareAndSwap(nil, t.rate.limiter())
	return place.Load()
}

// Addresses are the token buckets of addresses, which anybody can have many of, in a table of fixed size. It is safe for concurrent
// use.
type Addresses struct{ table[netip.Addr] }

// NewAddresses returns Addresses whose buckets are full.
func NewAddresses(of Rate, now func() time.Time) *Addresses {
	return &Addresses{newTable[netip.Addr](of, now)}
}

// Take takes a token of the address, and says how long to wait where there is none.
func (a *Addresses) Take(address netip.Addr) (wait time.Duration) { return a.take(Network(address)) }

// Wait says how long to wait until the address has a token; 0 when it has one.
func (a *Addresses) Wait(address netip.Addr) time.Duration {
	if a.rate.off() {
		return 0
	}
	return a.rate.state(a.bucket(Network(address)).TokensAt(a.now())).Wait
}

// Names are the token buckets of names that anybody can think up, in a table of fixed size. It is safe for concurrent use.
type Names struct{ table[string] }

// NewNames returns Names whose buckets are full.
func NewNames(of Rate, now func() time.Time) *Names { return &Names{newTable[string](of, now)} }

// Take takes a token of the name, and says how long to wait where there is none.
func (n *Names) Take(name string) (wait time.Duration) { return n.take(name) }

// Network is what counts as one address: of IPv6 the network of 64 bits, whose addresses one subscriber has all of.
func Network(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if !address.Is6() {
		return address
	}
	network, err := address.Prefix(64)
	if err != nil {
		return address
	}
	return network.Addr()
}
