package siege

import (
	"context"
	"sync"
	"sync/atomic"
)

// bounded does something so many times, by so many at once, and ends early with ctx.
func bounded(ctx context.Context, workers, times int, do func(ctx context.Context, i int)) {
	var (
		next  atomic.Int64
		group sync.WaitGroup
	)
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= times {
					return
				}
				do(ctx, i)
			}
		})
	}
	group.Wait()
}
