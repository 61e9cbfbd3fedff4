package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// Of several obstacles the gravest counts, as for a send.
func TestWhatStandsInTheWayOfAPostThatIsDue(t *testing.T) {
	t.Parallel()
	late := noon.Add(-rules.OverdueWindow - time.Second)
	noAccount := fault.New(fault.Precondition, "No account.").WithReason("NO_ACCOUNT")
	for name, c := range map[string]struct {
		due   decision.Due
		state string // "" where nothing is in the way
		code  string
	}{
		"nothing":                     {decision.Due{At: noon}, "", ""},
		"late by no more than may be": {decision.Due{At: noon.Add(-rules.OverdueWindow)}, "", ""},
		"too late":                    {decision.Due{At: late}, posts.StateFailed, "OVERDUE"},
		"too late, and no account":    {decision.Due{At: late, NoAccount: noAccount}, posts.StateFailed, "OVERDUE"},
		"no account":                  {decision.Due{At: noon, NoAccount: noAccount}, posts.StateFailed, "NO_ACCOUNT"},
		"sent before, perhaps":        {decision.Due{At: late, ReviewedBefore: noon}, posts.StateUnconfirmed, decision.ReasonRestored},
		"due as the review ended":     {decision.Due{At: noon, ReviewedBefore: noon}, posts.StateUnconfirmed, decision.ReasonRestored},
		"due after the review":        {decision.Due{At: noon, ReviewedBefore: late}, "", ""},
		"sent before, and no account": {decision.Due{At: noon, ReviewedBefore: noon, NoAccount: noAccount}, posts.StateUnconfirmed,
			decision.ReasonRestored},
		"everything is held, also this": {decision.Due{At: late, ReviewedBefore: noon, Held: true}, posts.StateQueued, decision.ReasonHeld},
		"held, and there is no account": {decision.Due{At: noon, NoAccount: noAccount, Held: true}, posts.StateQueued, decision.ReasonHeld},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := rules.DueObstacle(c.due, noon)
			requireObstacle(t, o, c.state, c.code)
			require.Equal(t, c.state == posts.StateQueued, o != nil && o.Wait.Until.After(noon))
		})
	}
}
