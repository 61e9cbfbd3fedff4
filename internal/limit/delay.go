package limit

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"
)

// refusalRate is how many refusals a key, or an address whose key is unknown, gets at once after a rest, and a second. Those
// beyond are told later, so that whoever repeats what was refused as fast as they are told costs no more than so much.
var refusalRate = Rate{PerSecond: 100, Burst: 20}

// longestDelay is how late a refusal is told at most: clients that wait for it don't give up yet.
const longestDelay = time.Second

// Delays hold refusals back. It is safe for concurrent use.
type Delays struct {
	keys      *buckets[uuid.UUID]
	addresses *Addresses
	due       *EvictingSlots
	now       func() time.Time
}

// NewDelays returns Delays of which none is due. At most so many refusals are due at once: of more, the one that has been due longest
// is told. Each may keep a connection, so it must be a small part of those that may be open.
func NewDelays(most int, now func() time.Time) *Delays {
	return &Delays{
		keys: newBuckets[uuid.UUID](refusalRate, now), addresses: NewAddresses(refusalRate, now), due: NewEvictingSlots(most), now: now,
	}
}

// Wait returns when a refusal may be told, or with ctx. key is that of the caller, uuid.Nil where it is unknown.
func (d *Delays) Wait(ctx context.Context, from netip.Addr, key uuid.UUID) {
	now := d.now()
	bucket := d.addresses.bucket(Network(from))
	if key != uuid.Nil {
		bucket = d.keys.bucket(key, now)
	}
	wait := delay(bucket, now)
	if wait == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	defer d.due.Enter(cancel)()
	<-ctx.Done()
}

// delay is how late the next refusal of a bucket is told. Those that would be too late are told at times that don't meet: what
// was sent together is not answered, and sent again, together.
func delay(bucket *rate.Limiter, now time.Time) time.Duration {
	turn := bucket.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait <= longestDelay {
		return wait
	}
	turn.CancelAt(now)
	return longestDelay/2 + rand.N(longestDelay/2)
}
