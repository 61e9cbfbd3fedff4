package webhooks

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever an endpoint asks for, a delivery is tried within its day, and the last time as that ends.
func TestADeliveryIsTriedWithinItsDay(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		now, giveUpAt := began, began.Add(giveUpAfter)
		tries := int32(0)
		for {
			tries++
			asked := time.Duration(rapid.Int64Range(0, int64(day)).Draw(t, "asked"))
			at, again := nextAttempt(tries, giveUpAt, now, asked)
			if !again {
				break
			}
			require.True(t, at.After(now))
			last := giveUpAt.Add(-lastBefore)
			require.False(t, at.After(last))
			require.False(t, at.Before(now.Add(asked)) && at.Before(last), "sooner than it asked for")
			now = at
		}
		require.LessOrEqual(t, int(tries), len(retries)+1)
	})
	total := time.Duration(0)
	for _, wait := range retries {
		total += wait
	}
	require.Greater(t, total, day-time.Hour, "the retries fill a day")
	require.LessOrEqual(t, total, day)
}

func TestAnEndpointThatFailsRestsLongerEachTime(t *testing.T) {
	t.Parallel()
	require.Zero(t, rest(0))
	require.Equal(t, time.Second, rest(1))
	require.Equal(t, 4*time.Second, rest(3))
	require.Equal(t, longestRest, rest(10))
	require.Equal(t, longestRest, rest(1_000_000))
}
