// Package limit decides which callers are served now, which wait and which are told to come back later, so that nobody
// takes what others need. It owns the token buckets of keys, owners and addresses, the shares of calls that are carried out at
// once, and the connections that are open; all of it is this process's own, in bounded memory.
//
// It must not know what a call is for, how a key is verified, nor how a refusal reaches the caller.
package limit

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
)

// Reasons of refusals; they are the label of a metric too.
const (
	// ReasonRate marks the refusal of a caller whose key or owner has called too often.
	ReasonRate = "RATE_LIMIT"
	// ReasonCalls marks that of an owner with as many calls under way and waiting as one owner may have.
	ReasonCalls = "TOO_MANY_CALLS"
	// ReasonWrongKeys marks that of an address that has sent wrong keys too often.
	ReasonWrongKeys = "WRONG_KEYS"
	// ReasonLookUps marks that of a caller whose key would have to wait too long to be looked up.
	ReasonLookUps = "KEY_LOOK_UPS"
	// ReasonConsents marks that of a browser that comes back from LinkedIn while too many others are looked up.
	ReasonConsents = "CONSENT_LOOK_UPS"
	// ReasonAddress marks that of an address that has asked too often for what needs no key.
	ReasonAddress = "ADDRESS_RATE_LIMIT"
	// ReasonArrivals marks that of a call from an address of which too many wait to be looked at.
	ReasonArrivals = "TOO_MANY_ARRIVALS"
	// ReasonSignIns marks that of somebody who has tried to sign in too often, or too many of whom try at once.
	ReasonSignIns = "SIGN_INS"
	// ReasonKeylessStreams marks that of a stream without a key while too many such are open.
	ReasonKeylessStreams = "TOO_MANY_OPEN"
	// ReasonKeylessAnswers marks that of a call without a key that asks for more than one may.
	ReasonKeylessAnswers = "TOO_MUCH_ASKED"
)

// Config is what callers may have.
type Config struct {
	// PerKey and PerOwner bound the calls made with one API key, and with all keys of one owner together.
	PerKey, PerOwner Rate
	// WrongKeys bounds the keys that one address may get wrong.
	WrongKeys Rate
	// OwnerCalls is how many calls of one owner are carried out at once, OwnerQueue how many more wait for their turn.
	OwnerCalls, OwnerQueue int
	// LookUps is how many keys that were not right before are looked up at once, of all callers together, and LookUpQueue
	// how many more wait: keys made up at many addresses take no more than that of the database.
	LookUps, LookUpQueue int
}

// Caller is who a key belongs to.
type Caller struct{ Owner, Key uuid.UUID }

// Admission is a call that may go on.
type Admission struct {
	Caller
	// Bucket is what is left to the caller.
	Bucket BucketState
	// Release gives the call's share back; it must be called once, when the call has ended.
	Release func()
}

// Callers admits callers. It is safe for concurrent use.
type Callers struct {
	keys, owners *buckets[uuid.UUID]
	wrong        *Addresses
	calls        *Shares[uuid.UUID]
	lookUps      *Shares[struct{}]
	known        known
}

// NewCallers returns Callers that have nobody yet.
func NewCallers(cfg Config, now func() time.Time) *Callers {
	return &Callers{
		keys: newBuckets[uuid.UUID](cfg.PerKey, now), owners: newBuckets[uuid.UUID](cfg.PerOwner, now),
		wrong:   NewAddresses(cfg.WrongKeys, now),
		calls:   NewShares[uuid.UUID](Room{Slots: cfg.OwnerCalls, Queue: cfg.OwnerQueue}),
		lookUps: NewShares[struct{}](Room{Slots: cfg.LookUps, Queue: cfg.LookUpQueue}),
		known:   known{callers: map[[sha256.Size]byte]Caller{}},
	}
}

// Call is what is known of a call before its caller is.
type Call struct {
	From netip.Addr // where it comes from
	Key  string     // the API key that came with it; may be empty or nonsense
	// Stream says that the call may last: then it takes no share of the owner's calls.
	Stream bool
	// BeforeWait is called once the rates have been checked, before the call waits for anything: its turn, the database.
	BeforeWait func()
}

// Admit verifies the key and takes the caller's share of calls, waiting for it if need be. verify asks the database; its
// Unauthenticated fault says that the key is wrong. An address with too many wrong keys is refused without asking, but a
// key that was right before is let through from wherever it comes, and is itself bounded before verify is asked. On a
// refusal the Admission's Bucket says what is left, where it is known.
func (c *Callers) Admit(ctx context.Context, call Call, verify func(context.Context) (Caller, error)) (Admission, error) {
	sum := sha256.Sum256([]byte(call.Key))
	if caller, known := c.known.get(sum); known {
		admission, err := c.enter(ctx, caller, call.Stream, call.BeforeWait)
		if err != nil {
			return admission, err
		}
		verified := false
		defer func() { // also when verify panics: the process lives on
			if !verified {
				admission.Release()
			}
		}()
		if _, err := verify(ctx); err != nil {
			if fault.Is(err, fault.Unauthenticated) { // revoked since
				c.known.forget(sum)
				c.wrong.Take(call.From)
			}
			return Admission{}, err
		}
		verified = true
		return admission, nil
	}
	caller, err := c.lookUp(ctx, call, verify)
	if err != nil {
		return Admission{}, err
	}
	c.known.add(sum, caller)
	return c.enter(ctx, caller, call.Stream, func() {})
}

// Remember has a key pass from its first call on whatever its neighbours get wrong: one that has just been given to its caller.
func (c *Callers) Remember(key string, caller Caller) {
	c.known.add(sha256.Sum256([]byte(key)), caller)
}

// lookUp verifies a key that was not right before.
func (c *Callers) lookUp(ctx context.Context, call Call, verify func(context.Context) (Caller, error)) (Caller, error) {
	from := call.From
	err := c.tooManyWrong(from)
	call.BeforeWait()
	if err != nil {
		return Caller{}, err
	}
	release, err := c.lookUps.Acquire(ctx, struct{}{})
	if err != nil {
		return Caller{}, refusal(err, ReasonLookUps, "Too many unknown API keys are being looked up: try again in a moment.")
	}
	defer release()
	// Others from the same address may have been wrong meanwhile.
	if err := c.tooManyWrong(from); err != nil {
		return Caller{}, err
	}
	caller, err := verify(ctx)
	if fault.Is(err, fault.Unauthenticated) {
		c.wrong.Take(from)
	}
	return caller, err
}

func (c *Callers) tooManyWrong(from netip.Addr) error {
	wait := c.wrong.Wait(from)
	if wait == 0 {
		return nil
	}
	f := fault.New(
		fault.OverLimit,
		"Too many calls with a missing or wrong API key came from this address: set the right key, and wait before the next call.",
	).WithReason(ReasonWrongKeys)
	f.RetryAfter = wait
	return f
}

// enter counts the call against its key and its owner.
func (c *Callers) enter(ctx context.Context, caller Caller, stream bool, beforeWait func()) (Admission, error) {
	admission := Admission{Caller: caller, Release: func() {}}
	var err error
	admission.Bucket, err = c.count(caller)
	if beforeWait(); err != nil || stream {
		return admission, err
	}
	release, err := c.AcquireCall(ctx, caller.Owner)
	if err == nil {
		admission.Release = release
	}
	return admission, err
}

// count takes a token of the key's and one of the owner's.
func (c *Callers) count(caller Caller) (BucketState, error) {
	ofKey, keyMay := c.keys.take(caller.Key)
	if !keyMay {
		return ofKey, tooOften("with this API key", ofKey)
	}
	ofOwner, ownerMay := c.owners.take(caller.Owner)
	if !ownerMay {
		return tighter(ofKey, ofOwner), tooOften("with this user's API keys", ofOwner)
	}
	return tighter(ofKey, ofOwner), nil
}

// AcquireCall waits until one more of an owner's calls may be carried out, and returns what ends it. A stream has no such place
// while it is open: for what it does in between it takes one as other calls do. It is an OverLimit fault when too many of the
// owner's calls are waiting already.
func (c *Callers) AcquireCall(ctx context.Context, owner uuid.UUID) (release func(), err error) {
	release, err = c.calls.Acquire(ctx, owner)
	if err != nil {
		return nil, refusal(err, ReasonCalls, "Too many of this user's calls are under way: wait for their answers before you send more.")
	}
	return release, nil
}

func tooOften(how string, s BucketState) error {
	f := fault.Newf(fault.OverLimit, "Too many calls %s: wait before the next one, as the answer says.", how).WithReason(ReasonRate)
	f.RetryAfter = s.Wait
	return f
}

// queueRetryAfter is how long to wait for a place in a full queue: nobody knows when one gets free.
const queueRetryAfter = time.Second

// refusal tells a full queue in the caller's terms; any other error goes on as it is.
func refusal(err error, reason, message string) error {
	if err != errFull { //nolint:errorlint // made by this package and never wrapped
		return err
	}
	f := fault.New(fault.OverLimit, message).WithReason(reason)
	f.RetryAfter = queueRetryAfter
	return f
}

// maxKnown bounds the keys that are remembered: some 100 bytes each.
const maxKnown = 10_000

// known remembers the keys that were right, by their hash. Only a right key gets in, so nobody can push others out by
// making keys up; that a key is remembered opens nothing: each call's key is verified all the same.
type known struct {
	mu      sync.RWMutex
	callers map[[sha256.Size]byte]Caller
}

func (k *known) get(sum [sha256.Size]byte) (Caller, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	caller, there := k.callers[sum]
	return caller, there
}

func (k *known) add(sum [sha256.Size]byte, caller Caller) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.callers) >= maxKnown {
		for any := range k.callers { // whichever comes first: it is back with its next call
			delete(k.callers, any)
			break
		}
	}
	k.callers[sum] = caller
}

func (k *known) forget(sum [sha256.Size]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.callers, sum)
}
