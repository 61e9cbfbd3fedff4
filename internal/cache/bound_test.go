package cache_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/cache"
)

// text is a row of some length, from nowhere.
func text(length int) func(context.Context) (note, error) {
	return func(context.Context) (note, error) { return note{strings.Repeat("x", length)}, nil }
}

// Not parallel: other tests' memory would be taken for its own.
func TestTheBoundIsAboutWhatTheProcessTakes(t *testing.T) {
	for _, length := range []int{10, 300, 3000} {
		const bound = 8 << 20
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c, rows := hearing(t, cache.Config{Bytes: bound, Life: life})
		for i := range 2 * bound / (length + 100) {
			_, err := rows.Get(t.Context(), fmt.Sprint(i), text(length))
			require.NoError(t, err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		state := c.State()
		took := int(after.HeapAlloc) - int(before.HeapAlloc)
		t.Logf("rows of %d bytes: %d are kept, which it takes for %d bytes and the process for %d", length, state.Entries, state.Bytes, took)
		require.LessOrEqual(t, state.Bytes, uint64(bound))
		require.Positive(t, state.Evictions)
		require.Less(t, took, bound*3/2)
		require.Greater(t, took, bound/2)
		runtime.KeepAlive(rows)
	}
}

func TestWhoReadsMuchOnceDoesNotPushOutWhatOthersReadOften(t *testing.T) {
	t.Parallel()
	c, rows := hearing(t, cache.Config{Bytes: 1 << 20, Life: life})
	const often = 100
	loads := 0
	readOften := func() {
		for i := range often {
			_, err := rows.Get(t.Context(), fmt.Sprint("ada/", i), func(ctx context.Context) (note, error) {
				loads++
				return text(1000)(ctx)
			})
			require.NoError(t, err)
		}
	}
	for range 20 {
		readOften()
	}
	loads = 0
	for i := range 50_000 { // about fifty times what there is room for
		_, err := rows.Get(t.Context(), fmt.Sprint("bob/", i), text(1000))
		require.NoError(t, err)
		if i%5_000 == 0 {
			readOften()
		}
	}
	t.Logf("of %d reads %d were loaded; %d rows were pushed out", 10*often, loads, c.State().Evictions)
	require.Less(t, loads, 2*often, "of ten times as many reads")
}
