package siege

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBoundedDoesEachOnceAndNoMore(t *testing.T) {
	t.Parallel()
	var done [100]atomic.Int64
	bounded(t.Context(), 7, len(done), func(_ context.Context, i int) { done[i].Add(1) })
	for i := range done {
		require.EqualValues(t, 1, done[i].Load(), "number %d", i)
	}
}

func TestBoundedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var done atomic.Int64
	bounded(ctx, 3, 1_000_000, func(context.Context, int) {
		if done.Add(1) == 10 {
			cancel()
		}
	})
	require.Less(t, done.Load(), int64(20))
}
