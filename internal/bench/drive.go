package bench

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// calling makes the call of a number, counted from 0.
type calling func(ctx context.Context, i int) error

// drive has callers make calls, each one after the other, until the span is over or the call before end has been made; next is
// the first to make, and where the next round goes on. It times each. The first that fails ends the round.
func drive(ctx context.Context, span time.Duration, next *atomic.Int64, end int64, callers []calling) (round, error) {
	took := make([][]time.Duration, len(callers))
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for c, call := range callers {
		group.Go(func() error {
			for ctx.Err() == nil {
				begin := time.Now()
				if begin.Sub(began) >= span {
					return nil
				}
				i := next.Add(1) - 1
				if i >= end {
					next.Add(-1) // it was not made
					return nil
				}
				if err := call(ctx, int(i)); err != nil {
					return err
				}
				took[c] = append(took[c], time.Since(begin))
			}
			return ctx.Err()
		})
	}
	err := group.Wait()
	all := slices.Concat(took...)
	return round{calls: len(all), took: time.Since(began), latencies: all}, err
}

// endless is the end where there is always another call to make.
const endless = math.MaxInt64

// repeat does the same again and again, one after the other.
func repeat(do func(ctx context.Context) error) working {
	return func(ctx context.Context, span time.Duration) (round, error) {
		return drive(ctx, span, new(atomic.Int64), endless, []calling{func(ctx context.Context, _ int) error { return do(ctx) }})
	}
}
