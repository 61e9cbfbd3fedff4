package decision_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

func TestWhichPostHasTheSameTextAndWhatToExpectOfIt(t *testing.T) {
	t.Parallel()
	post := posts.Post{ID: uuid.UUID{1}, Content: "Hello", Hashtags: []string{"go"}}
	before := func(d time.Duration) *time.Time { at := noon.Add(-d); return &at }
	rules := decision.Rules{DuplicateWindow: 10 * time.Minute}
	for name, c := range map[string]struct {
		other decision.Similar
		says  string // "" where it is not the same text
	}{
		"on its way":     {decision.Similar{Content: "Hello\n\n#go", State: posts.StateQueued}, "is on its way to LinkedIn, as post "},
		"other hashtags": {decision.Similar{Content: "Hello", Hashtags: []string{"rust"}, State: posts.StateQueued}, ""},
		"other words":    {decision.Similar{Content: "Hello, you", Hashtags: []string{"go"}, State: posts.StateUnconfirmed}, ""},
		"in doubt": {decision.Similar{Content: "Hello", Hashtags: []string{"go"}, State: posts.StateUnconfirmed},
			"may be on LinkedIn already"},
		"scheduled": {decision.Similar{Content: "Hello\n\n#go", State: posts.StateScheduled, AccountNamed: true,
			ScheduledAt: before(0)}, "scheduled for 2026-11-22T12:00:00Z"},
		"scheduled, with the default": {decision.Similar{Content: "Hello\n\n#go", State: posts.StateScheduled, ScheduledAt: before(0)},
			"the account that is the default then"},
		"published just now": {decision.Similar{Content: "Hello\n\n#go", State: posts.StatePublished, URN: "urn:li:share:1",
			PublishedAt: before(time.Minute)}, "(urn:li:share:1): LinkedIn refuses it again for about 10m0s."},
		"published long ago, nameless": {decision.Similar{Content: "Hello\n\n#go", State: posts.StatePublished, PublishedAt: before(time.Hour)},
			"as post 02000000-0000-0000-0000-000000000000."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.other.ID, c.other.To = uuid.UUID{2}, post.ID
			said := rules.SameTexts([]posts.Post{post}, []decision.Similar{c.other}, noon)
			if c.says == "" {
				require.Empty(t, said)
				return
			}
			require.Contains(t, said[post.ID], c.says)
			require.Contains(t, said[post.ID], c.other.ID.String())
		})
	}
}
