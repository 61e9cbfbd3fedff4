package limit

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// A thousand loops that repeat what was refused as soon as they are told were told 6,600 times a second, and others waited
// half a second behind that.
func TestAThousandLoopsThatAreRefusedAreNotToldAsFastAsTheyAsk(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]uuid.UUID{"of one key": uuid.Max, "of one address": uuid.Nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const loops, seconds = 1_000, 5
				d := NewDelays(10_000, time.Now)
				ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
				defer cancel()
				var told atomic.Int64
				var all sync.WaitGroup
				for range loops {
					all.Go(func() {
						for began := time.Now(); ctx.Err() == nil; began = time.Now() {
							d.Wait(ctx, home, key)
							told.Add(1)
							if took := time.Since(began); took > longestDelay {
								t.Errorf("told after %s", took)
							}
						}
					})
				}
				all.Wait()
				require.LessOrEqual(t, told.Load(), int64(seconds*(2*loops+refusalRate.PerSecond)+refusalRate.Burst))
				require.Zero(t, d.due.Count())
			})
		})
	}
}

func TestAFewRefusalsAreToldAtOnceAndEachKeyAndAddressHasItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, began := NewDelays(10_000, time.Now), time.Now()
		key := uuid.New()
		for range refusalRate.Burst {
			d.Wait(t.Context(), home, key)
		}
		d.Wait(t.Context(), home, uuid.New())
		d.Wait(t.Context(), home, uuid.Nil)
		d.Wait(t.Context(), abroad, uuid.Nil)
		require.Zero(t, time.Since(began))
		d.Wait(t.Context(), home, key)
		require.Equal(t, 10*time.Millisecond, time.Since(began))
	})
}

func TestARefusalIsNotHeldBackForACallerWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, began := NewDelays(10_000, time.Now), time.Now()
		left, leave := context.WithCancel(t.Context())
		leave()
		for range 1_000 {
			d.Wait(left, home, uuid.Nil)
		}
		require.Zero(t, time.Since(began))
		require.Zero(t, d.due.Count())
	})
}

func TestRefusalsThatAreHeldBackAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := NewDelays(10_000, time.Now)
		var all sync.WaitGroup
		var told atomic.Int64
		for range refusalRate.Burst + 10_000 + 500 {
			all.Go(func() {
				d.Wait(t.Context(), home, uuid.Nil)
				told.Add(1)
			})
		}
		synctest.Wait()
		require.Equal(t, 10_000, d.due.Count())
		require.EqualValues(t, refusalRate.Burst+500, told.Load(), "those that were due longest are told")
		all.Wait()
	})
}
