package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// A part of a list proves that a post is missing only where it surely holds all that came since.
func TestAPartOfAListReachesBackOnlyInItsOrder(t *testing.T) {
	t.Parallel()
	doubt := decision.Doubt{From: noon, Until: noon}
	since := decision.Earliest(noon)
	at := func(minutes ...int) (listed []linkedin.Post) {
		for _, m := range minutes {
			listed = append(listed, linkedin.Post{LastModifiedAt: since.Add(time.Duration(m) * time.Minute)})
		}
		return listed
	}
	for name, c := range map[string]struct {
		listed []linkedin.Post
		want   bool
	}{
		"the newest first, down to an older one":      {at(20, 10, -10), true},
		"several at one time":                         {at(10, 10, -10, -10), true},
		"only older ones":                             {at(-10, -20), true},
		"all are newer":                               {at(20, 10, 5), false},
		"the last is of that very moment":             {at(20, 0), false},
		"the oldest first":                            {at(-20, -10), false},
		"the oldest first, and newer ones are beyond": {at(-20, -10, 10), false},
		"one out of its place":                        {at(20, -10, 10, -20), false},
		"one without a time":                          {append(at(20), linkedin.Post{}, at(-10)[0]), false},
		"without times":                               {make([]linkedin.Post, 3), false},
		"nothing":                                     {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, doubt.ReachesBack(c.listed, false))
			require.True(t, doubt.ReachesBack(c.listed, true), "a whole list holds everything")
		})
	}
}
