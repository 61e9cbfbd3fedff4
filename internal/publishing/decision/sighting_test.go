package decision_test

import (
	"slices"
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
			require.Equal(t, c.want, doubt.ReachesBack(decision.Listing{Posts: c.listed}))
			require.True(t, doubt.ReachesBack(decision.Listing{Posts: c.listed, Complete: true}), "a whole list holds everything")
		})
	}
}

func TestWhetherAPostThatLinkedInListsIsTheOneInDoubt(t *testing.T) {
	t.Parallel()
	const ours = "Hello, world. It is a fine day for a long enough text."
	doubt := decision.Doubt{From: noon, Until: noon.Add(time.Minute)}
	urn, err := linkedin.ParseURN("urn:li:share:1")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		listed    linkedin.Post
		another   bool // it is known to be another post
		seen      bool
		published bool
	}{
		"the same, in time":             {linkedin.Post{Text: ours, PublishedAt: noon.Add(time.Second)}, false, true, true},
		"the same, by a clock behind":   {linkedin.Post{Text: ours, PublishedAt: noon.Add(-time.Minute)}, false, true, true},
		"the same, a while before":      {linkedin.Post{Text: ours, PublishedAt: noon.Add(-10 * time.Minute)}, false, true, false},
		"the same, long before":         {linkedin.Post{Text: ours, PublishedAt: noon.Add(-time.Hour)}, false, false, false},
		"the same, long after":          {linkedin.Post{Text: ours, PublishedAt: noon.Add(time.Hour)}, false, true, true},
		"the same, and another post":    {linkedin.Post{Text: ours, PublishedAt: noon}, true, false, false},
		"the same, without a time":      {linkedin.Post{Text: ours}, false, true, false},
		"the same, by when it was made": {linkedin.Post{Text: ours, CreatedAt: noon}, false, true, true},
		"the same, a draft":             {linkedin.Post{Text: ours, PublishedAt: noon, LifecycleState: "DRAFT"}, false, true, false},
		"other words, meanwhile":        {linkedin.Post{Text: "Something else", PublishedAt: noon.Add(time.Second)}, false, true, false},
		"other words, afterwards":       {linkedin.Post{Text: "Something else", PublishedAt: noon.Add(time.Hour)}, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.listed.URN = urn
			if c.listed.LifecycleState == "" {
				c.listed.LifecycleState = linkedin.LifecyclePublished
			}
			seen := doubt.Find(ours, []linkedin.Post{c.listed}, func(string) bool { return c.another })
			require.Equal(t, c.seen, len(seen) > 0)
			_, published := seen.Published()
			require.Equal(t, c.published, published)
			require.Equal(t, c.published, seen.AnySure())
			_, published = seen.BesideTwin().Published()
			require.False(t, published, "beside a twin nothing is sure")
			twice := slices.Concat(seen, seen)
			_, published = twice.Published()
			require.False(t, published, "of two that read alike none is sure")
		})
	}
}

func TestAListMustShowWhatIsKnownToBeThere(t *testing.T) {
	t.Parallel()
	urn, err := linkedin.ParseURN("urn:li:share:1")
	require.NoError(t, err)
	list := decision.Listing{Posts: []linkedin.Post{{URN: urn}}}
	require.True(t, list.Shows([]string{"urn:li:share:1"}))
	require.False(t, list.Shows([]string{"urn:li:share:2"}))
	require.True(t, list.Shows(nil), "nothing is known")
	require.False(t, decision.Listing{}.Shows(nil), "an empty one proves nothing")
}
