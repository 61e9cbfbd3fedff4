package decision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

func TestHowAnOutcomeIsRecorded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row         decision.AttemptRow
		publication string
		want        decision.Recording
	}{
		"as it should be": {decision.RowOpen, posts.StatePublishing, decision.Settles},
		"written, by a commit that was not answered": {decision.RowEnded, posts.StateQueued, decision.RecordedBefore},
		"given up for lost":                          {decision.RowEnded, posts.StateUnconfirmed, decision.RecordedLate},
		"given up for lost, and resent":              {decision.RowEnded, posts.StatePublishing, decision.RecordedLate},
		"lost with its claim":                        {decision.RowMissing, posts.StateQueued, decision.RestoresAttempt},
		"lost, and another is made":                  {decision.RowMissing, posts.StatePublishing, decision.RecordedApart},
		"lost, and the publication has ended":        {decision.RowMissing, posts.StateFailed, decision.RecordedApart},
	} {
		require.Equal(t, c.want, c.row.Recording(c.publication), name)
	}
}
