package limit

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	home   = netip.MustParseAddr("192.0.2.1")
	abroad = netip.MustParseAddr("198.51.100.7")
	noon   = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
)

// house is Callers over a database of keys that counts who asks it, and a clock that stands still.
type house struct {
	*Callers
	now   time.Time
	keys  map[string]Caller
	asked int
}

func newHouse(change ...func(*Config)) *house {
	cfg := Config{
		PerKey: Rate{PerSecond: 10, Burst: 5}, PerOwner: Rate{PerSecond: 10, Burst: 8}, WrongKeys: Rate{PerSecond: 1, Burst: 3},
		OwnerCalls: 2, OwnerQueue: 3, LookUps: 2, LookUpQueue: 4,
	}
	for _, c := range change {
		c(&cfg)
	}
	h := &house{now: noon, keys: map[string]Caller{}}
	h.Callers = NewCallers(cfg, func() time.Time { return h.now })
	return h
}

func (h *house) newKey(owner uuid.UUID) string {
	key := fmt.Sprintf("key %d", len(h.keys))
	h.keys[key] = Caller{Owner: owner, Key: uuid.New()}
	return key
}

// call makes a call that ends at once.
func (h *house) call(from netip.Addr, key string) (BucketState, error) {
	call := Call{From: from, Key: key, BeforeWait: func() {}}
	admission, err := h.Admit(context.Background(), call, func(context.Context) (Caller, error) {
		h.asked++
		if caller, there := h.keys[key]; there {
			return caller, nil
		}
		return Caller{}, fault.New(fault.Unauthenticated, "Wrong.")
	})
	if err == nil {
		admission.Release()
	}
	return admission.Bucket, err
}

// requireRefused fails unless our own limit refused, for this reason, and said when to come back.
func requireRefused(t *testing.T, err error, reason string) (wait time.Duration) {
	t.Helper()
	require.True(t, fault.Is(err, fault.OverLimit), "%v", err)
	f := fault.Of(err)
	require.Equal(t, reason, f.Reason)
	require.Positive(t, f.RetryAfter)
	return f.RetryAfter
}

func TestWrongKeysAreSlowedWithoutAskingTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for i := range 3 {
		_, err := h.call(home, fmt.Sprint("made up ", i))
		require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
	}
	for i := range 1_000 {
		_, err := h.call(home, fmt.Sprint("made up, too, ", i))
		require.Equal(t, time.Second, requireRefused(t, err, ReasonWrongKeys))
	}
	require.Equal(t, 3, h.asked)
	_, err := h.call(abroad, "made up")
	require.True(t, fault.Is(err, fault.Unauthenticated), "another address has its own: %v", err)
	h.now = h.now.Add(time.Second)
	_, err = h.call(home, "made up again")
	require.True(t, fault.Is(err, fault.Unauthenticated), "after the wait that was told: %v", err)
}

func TestAKeyThatWasRightPassesWhateverItsNeighboursGetWrong(t *testing.T) {
	t.Parallel()
	h := newHouse()
	right := h.newKey(uuid.New())
	_, err := h.call(home, right)
	require.NoError(t, err)
	for range 4 {
		_, err = h.call(home, "wrong")
		require.Error(t, err)
	}
	_, err = h.call(home, right)
	require.NoError(t, err)
}

func TestAKeyThatWasJustGivenPassesFromItsFirstCallOn(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for range 4 {
		_, err := h.call(home, "wrong")
		require.Error(t, err)
	}
	right := h.newKey(uuid.New())
	_, err := h.call(home, right)
	_ = requireRefused(t, err, ReasonWrongKeys)
	h.Remember(right, h.keys[right])
	_, err = h.call(home, right)
	require.NoError(t, err)
}

func TestRightKeysCostTheirAddressNothing(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for range 100 {
		_, err := h.call(home, h.newKey(uuid.New()))
		require.NoError(t, err)
	}
}

func TestARevokedKeyIsAWrongOneFromThenOn(t *testing.T) {
	t.Parallel()
	h := newHouse()
	key := h.newKey(uuid.New())
	_, err := h.call(home, key)
	require.NoError(t, err)
	delete(h.keys, key)
	for range 3 {
		_, err = h.call(home, key)
		require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
	}
	_, err = h.call(home, key)
	_ = requireRefused(t, err, ReasonWrongKeys)
}

func TestAKeyMayCallSoOftenAndItsOwnerAltogetherSoOften(t *testing.T) {
	t.Parallel()
	h := newHouse()
	owner := uuid.New()
	first, second := h.newKey(owner), h.newKey(owner)
	for left := 4; left >= 0; left-- {
		standing, err := h.call(home, first)
		require.NoError(t, err)
		require.Equal(t, BucketState{Limit: 5, Remaining: left, Full: time.Duration(5-left) * 100 * time.Millisecond, Wait: standing.Wait}, standing)
	}
	standing, err := h.call(home, first)
	require.Equal(t, 100*time.Millisecond, requireRefused(t, err, ReasonRate))
	require.Zero(t, standing.Remaining)
	for range 3 { // 8 of the owner's less the 5 that the first key took
		_, err = h.call(home, second)
		require.NoError(t, err)
	}
	for range 10 {
		_, err = h.call(home, h.newKey(owner))
		_ = requireRefused(t, err, ReasonRate)
	}
	_, err = h.call(home, h.newKey(uuid.New()))
	require.NoError(t, err, "another owner has a share of their own")
	asked := h.asked
	_, err = h.call(home, first)
	_ = requireRefused(t, err, ReasonRate)
	require.Equal(t, asked, h.asked, "a key that is known to be over its limit is not looked up")
}

func TestARateOfZeroIsNoLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(func(c *Config) { c.PerKey, c.PerOwner, c.WrongKeys = Rate{}, Rate{}, Rate{} })
	key := h.newKey(uuid.New())
	for range 1_000 {
		standing, err := h.call(home, key)
		require.NoError(t, err)
		require.Empty(t, standing)
		_, err = h.call(home, "wrong")
		require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
	}
}

func TestABucketNeverGivesMoreThanItsRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of := Rate{PerSecond: rapid.IntRange(1, 50).Draw(t, "rate"), Burst: rapid.IntRange(1, 50).Draw(t, "burst")}
		now, given := noon, 0
		b := newBuckets[int](of, func() time.Time { return now })
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "pause")) * time.Millisecond)
			standing, allowed := b.take(1)
			if allowed {
				given++
			} else if standing.Wait <= 0 {
				t.Fatalf("refused without a time to wait: %+v", standing)
			}
			if most := float64(of.Burst) + float64(of.PerSecond)*now.Sub(noon).Seconds() + 1e-6; float64(given) > most {
				t.Fatalf("gave %d of at most %f", given, most)
			}
		}
	})
}

func TestAMillionAddressesFillNoMemoryAndMakeNoLimitForgotten(t *testing.T) {
	t.Parallel()
	a := NewAddresses(Rate{PerSecond: 1, Burst: 3}, func() time.Time { return noon })
	for range 3 {
		require.Zero(t, a.Take(home))
	}
	for i := range 1_000_000 {
		a.Take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	require.Positive(t, a.Take(home), "its bucket is still empty")
	require.Len(t, a.places, tableSize)
}

func TestWhoHasANetworkHasOneAddress(t *testing.T) {
	t.Parallel()
	for one, other := range map[string]string{
		"2001:db8:1:2::1": "2001:db8:1:2:ffff:ffff:ffff:ffff",
		"192.0.2.1":       "::ffff:192.0.2.1",
		"fe80::1%eth0":    "fe80::2%eth1",
	} {
		require.Equal(t, Network(netip.MustParseAddr(one)), Network(netip.MustParseAddr(other)))
	}
	require.NotEqual(t, Network(netip.MustParseAddr("2001:db8:1:2::1")), Network(netip.MustParseAddr("2001:db8:1:3::1")))
	require.NotEqual(t, Network(home), Network(abroad))
	require.Equal(t, netip.Addr{}, Network(netip.Addr{}), "an address that nobody knows")
}

func TestBucketsThatAreFullAgainAreThrownAway(t *testing.T) {
	t.Parallel()
	now := noon
	b := newBuckets[int](Rate{PerSecond: 1, Burst: 2}, func() time.Time { return now })
	for key := range 100_000 {
		b.take(key)
		now = now.Add(10 * time.Millisecond)
	}
	require.Less(t, len(b.of), 2*sweepFrom)
}

func TestAnOwnersCallsBeyondTheirShareWaitTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := NewShares[string](Room{Slots: 2, Queue: 3})
		var order []int
		var mu sync.Mutex
		var calls sync.WaitGroup
		for i := range 5 {
			calls.Go(func() {
				release, err := s.Acquire(t.Context(), "ada")
				if !assertNoError(t, err) {
					return
				}
				defer release()
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				time.Sleep(time.Second + time.Duration(i)*time.Millisecond) // of the bubble's clock; no two end at once
			})
			synctest.Wait()
		}
		_, err := s.Acquire(t.Context(), "ada")
		require.ErrorIs(t, err, errFull, "two are carried out and three wait")
		release, err := s.Acquire(t.Context(), "bob")
		require.NoError(t, err, "another owner is not held up")
		release()
		calls.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4}, order, "first come, first served")
		require.Empty(t, s.of, "a share is there while it is in use")
		require.Zero(t, s.all)
	})
}

func assertNoError(t *testing.T, err error) bool {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

func TestWhoGivesUpWaitingLeavesTheQueue(t *testing.T) {
	t.Parallel()
	s := NewShares[string](Room{Slots: 1, Queue: 1})
	release, err := s.Acquire(t.Context(), "ada")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Acquire(ctx, "ada")
	require.ErrorIs(t, err, context.Canceled)
	release()
	require.Empty(t, s.of)
	require.Zero(t, s.all)
}

func TestAllTogetherHaveNoMoreThanTheTotal(t *testing.T) {
	t.Parallel()
	s := NewShares[int](Room{Slots: 10, Total: 3})
	for who := range 3 {
		_, err := s.Acquire(t.Context(), who)
		require.NoError(t, err)
	}
	_, err := s.Acquire(t.Context(), 4)
	require.ErrorIs(t, err, errFull)
}

func TestKeysMadeUpAtManyAddressesAreLookedUpAFewAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		var at, most, refused atomic.Int64
		var calls sync.WaitGroup
		for i := range 100 {
			calls.Go(func() {
				from := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
				call := Call{From: from, Key: fmt.Sprint(i), BeforeWait: func() {}}
				_, err := h.Admit(t.Context(), call, func(context.Context) (Caller, error) {
					most.Store(max(most.Load(), at.Add(1)))
					defer at.Add(-1)
					time.Sleep(time.Millisecond) // of the bubble's clock
					return Caller{}, fault.New(fault.Unauthenticated, "Wrong.")
				})
				if fault.Is(err, fault.OverLimit) {
					refused.Add(1)
				}
			})
		}
		calls.Wait()
		require.EqualValues(t, 2, most.Load())
		require.EqualValues(t, 100-2-4, refused.Load(), "two at a time, four that wait")
	})
}

func TestRememberedKeysAreBounded(t *testing.T) {
	t.Parallel()
	k := known{callers: map[[32]byte]Caller{}}
	for i := range 2 * maxKnown {
		k.add([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, Caller{})
	}
	require.Len(t, k.callers, maxKnown)
}

func BenchmarkAdmit(b *testing.B) {
	for name, of := range map[string]Rate{"on": {PerSecond: 1, Burst: math.MaxInt32}, "off": {}} {
		b.Run(name, func(b *testing.B) {
			h := newHouse(func(c *Config) { c.PerKey, c.PerOwner = of, of })
			key := h.newKey(uuid.New())
			for b.Loop() {
				if _, err := h.call(home, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A panic is an internal error of one call: the process lives on, and so must its owner's share.
func TestALookUpThatPanicsGivesTheCallsPlaceBack(t *testing.T) {
	t.Parallel()
	h := newHouse()
	key := h.newKey(uuid.New())
	_, err := h.call(home, key)
	require.NoError(t, err)
	require.Panics(t, func() {
		call := Call{From: home, Key: key, BeforeWait: func() {}}
		_, _ = h.Admit(t.Context(), call, func(context.Context) (Caller, error) { panic("broken") })
	})
	require.Empty(t, h.calls.of)
}

// Who still has a place at the door while they wait keeps it from their neighbours.
func TestACallIsLookedAtBeforeItWaitsForAnything(t *testing.T) {
	t.Parallel()
	h := newHouse()
	right, busy := h.newKey(uuid.New()), h.newKey(uuid.New())
	for _, key := range []string{right, busy} {
		_, err := h.call(home, key)
		require.NoError(t, err)
	}
	for name, key := range map[string]string{"a known key": right, "an unknown key": "made up"} {
		looked := 0
		call := Call{From: home, Key: key, BeforeWait: func() { looked++ }}
		_, _ = h.Admit(t.Context(), call, func(context.Context) (Caller, error) {
			require.Equal(t, 1, looked, name)
			return h.keys[right], nil
		})
		require.Equal(t, 1, looked, name)
	}
	full, leave := context.WithCancel(t.Context())
	leave() // whoever waits now is told so
	for range h.calls.room.Slots {
		_, err := h.AcquireCall(t.Context(), h.keys[busy].Owner)
		require.NoError(t, err)
	}
	looked := false
	_, err := h.Admit(full, Call{From: home, Key: busy, BeforeWait: func() { looked = true }}, nil)
	require.ErrorIs(t, err, context.Canceled, "its turn has not come")
	require.True(t, looked)
}
