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

// load is how a round goes: every caller makes one call after the other until the span is over.
type load struct {
	span time.Duration
	// most is how many calls there are to make; 0 for any number.
	most int
}

// drive has the callers make calls at once, and times each. The first that fails ends the round.
func (l load) drive(ctx context.Context, next *atomic.Int64, callers []calling) (round, error) {
	most := int64(l.most)
	if most == 0 {
		most = math.MaxInt64
	}
	took := make([][]time.Duration, len(callers))
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for c, call := range callers {
		group.Go(func() error {
			for ctx.Err() == nil {
				begin := time.Now()
				if begin.Sub(began) >= l.span {
					return nil
				}
				i := next.Add(1) - 1
				if i >= most {
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
