package limit_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/limit"
)

// Whoever comes gets in, and who has to make room for them is always the one that has been there longest.
func TestTheNewestAreLetIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 5).Draw(t, "most")
		newest := limit.NewEvictingSlots(most)
		var there, cut, gone []int
		leave := map[int]func(){}
		for next := range rapid.IntRange(1, 30).Draw(t, "steps") {
			if len(there) > 0 && rapid.Bool().Draw(t, "one leaves") {
				at := rapid.IntRange(0, len(there)-1).Draw(t, "who")
				leave[there[at]]()
				there = append(there[:at:at], there[at+1:]...)
			}
			if len(there) == most {
				gone, there = append(gone, there[0]), there[1:]
			}
			leave[next] = newest.Enter(func() { cut = append(cut, next) })
			there = append(there, next)
			require.Equal(t, gone, cut)
			require.Equal(t, len(there), newest.Count())
		}
		for _, one := range append(gone, there...) {
			leave[one]() // also of those that were cut off
		}
		require.Zero(t, newest.Count())
		require.Equal(t, gone, cut)
	})
}
