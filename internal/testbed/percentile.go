package testbed

import (
	"math"
	"slices"
	"time"
)

// Percentile is the least of the samples that at least p percent of them don't exceed (the nearest rank); 0 when there are
// none.
func Percentile(samples []time.Duration, p float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
