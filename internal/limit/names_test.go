package limit

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestANameHasTheTriesOfAMinuteWhoeverItsOthersAre(t *testing.T) {
	t.Parallel()
	now := noon
	names := NewNames(Rate{PerMinute: 6, Burst: 2}, func() time.Time { return now })
	for range 2 {
		require.Zero(t, names.Take("ada"))
	}
	require.Equal(t, 10*time.Second, names.Take("ada"))
	now = now.Add(9 * time.Second)
	require.InDelta(t, time.Second, names.Take("ada"), float64(time.Millisecond))
	now = now.Add(time.Second)
	require.Zero(t, names.Take("ada"))
	require.Positive(t, names.Take("ada"))
	for i := range 100_000 {
		names.Take(fmt.Sprint("somebody ", i))
	}
	require.Positive(t, names.Take("ada"), "its bucket is still empty")
	require.Len(t, names.places, tableSize)
	off := NewNames(Rate{}, func() time.Time { return now })
	for range 1_000 {
		require.Zero(t, off.Take("ada"))
	}
}
