package testbed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i) // 100 … 1: the order does not matter
	}
	for _, c := range []struct {
		name    string
		samples []time.Duration
		p       float64
		want    time.Duration
	}{
		{"of none", nil, 50, 0},
		{"of one", []time.Duration{7}, 50, 7},
		{"the median of three", []time.Duration{9, 1, 5}, 50, 5},
		{"the median of four is the lower one", []time.Duration{4, 3, 2, 1}, 50, 2},
		{"the 99th of a hundred", hundred, 99, 99},
		{"the 99th of few is the worst", []time.Duration{1, 2, 30}, 99, 30},
		{"the 100th is the worst", hundred, 100, 100},
		{"the 0th is the best", hundred, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Percentile(c.samples, c.p))
		})
	}
}

func TestAtLeastThatManySamplesDoNotExceedAPercentile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(
			rapid.Map(rapid.Int64Range(0, 1000), func(n int64) time.Duration { return time.Duration(n) }),
			1,
			200,
		).Draw(
			t,
			"samples",
		)
		p := rapid.Float64Range(1, 100).Draw(t, "p")
		got := Percentile(samples, p)
		within := 0
		for _, s := range samples {
			if s <= got {
				within++
			}
		}
		require.Contains(t, samples, got)
		require.GreaterOrEqual(t, float64(within), p/100*float64(len(samples))-1e-9)
	})
}
