package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// Of several obstacles the gravest counts: what would be sent twice is not called late, and what is late does not wait.
func TestWhatStandsInTheWayOfASend(t *testing.T) {
	t.Parallel()
	late, soon := noon.Add(-rules.OverdueWindow-time.Second), noon.Add(time.Minute)
	waited := decision.Failure{Code: "UNREACHABLE", Message: "LinkedIn can't be reached.", Remedy: "It is tried again by itself."}
	for name, c := range map[string]struct {
		pending decision.Pending
		state   string // "" where nothing is in the way
		code    string
		until   time.Time
	}{
		"nothing":                     {decision.Pending{ApprovedAt: noon, DueAt: noon}, "", "", time.Time{}},
		"late by no more than may be": {decision.Pending{DueAt: noon.Add(-rules.OverdueWindow)}, "", "", time.Time{}},
		"too late":                    {decision.Pending{DueAt: late}, posts.StateFailed, "OVERDUE", time.Time{}},
		"too late, and known why":     {decision.Pending{DueAt: late, WaitedFor: waited}, posts.StateFailed, "UNREACHABLE", time.Time{}},
		"too late, and a paused one": {decision.Pending{DueAt: late, Account: accounts.Standing{Paused: "P"}}, posts.StateFailed, "OVERDUE",
			time.Time{}},
		"everything is held, also this": {decision.Pending{DueAt: late, ReviewedBefore: soon, Held: true}, posts.StateQueued, decision.ReasonHeld,
			noon.Add(time.Minute)},
		"sent before, perhaps": {
			decision.Pending{ApprovedAt: noon, DueAt: late, ReviewedBefore: soon}, posts.StateUnconfirmed, decision.ReasonRestored, time.Time{},
		},
		"approved as the review ended": {decision.Pending{ApprovedAt: noon, DueAt: noon, ReviewedBefore: noon}, "", "", time.Time{}},
		"a held account": {
			decision.Pending{DueAt: noon, Account: accounts.Standing{Held: &soon, HeldFor: "RATE_LIMITED"}}, posts.StateQueued, "RATE_LIMITED", soon,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := rules.Obstacle(c.pending, noon)
			requireObstacle(t, o, c.state, c.code)
			if o == nil {
				return
			}
			require.Equal(t, c.until, o.Wait.Until)
			require.Equal(t, c.state == posts.StateUnconfirmed, o.Answer.MayHaveArrived(), "it is an attempt like others")
		})
	}
}

// requireObstacle holds that an obstacle brings a post to a state with a failure; "" for no obstacle.
func requireObstacle(t *testing.T, o *decision.Obstacle, state, code string) {
	t.Helper()
	if state == "" {
		require.Nil(t, o)
		return
	}
	require.NotNil(t, o)
	require.Equal(t, state, o.State)
	require.Equal(t, code, o.Failure.Code)
	require.NotEmpty(t, o.Failure.Message)
	require.NotEmpty(t, o.Failure.Remedy)
	require.Equal(t, state == posts.StateQueued, o.Waits())
	require.Equal(t, state == posts.StateUnconfirmed, o.InDoubt())
}

// A token that can't be opened may be by another process; an author that is none stays so.
func TestWithoutATokenAPostWaitsAndWithoutAnAuthorItFails(t *testing.T) {
	t.Parallel()
	err := fault.New(fault.Precondition, "The key is missing.").WithReason("NO_KEY")
	require.True(t, rules.NoToken(err, noon, noon).Waits())
	require.False(t, rules.NoToken(err, noon.Add(-rules.OverdueWindow), noon).Waits(), "within the window")
	require.Equal(t, posts.StateFailed, decision.NoAuthor(err).State)
	require.Equal(t, "NO_KEY", decision.NoAuthor(err).Failure.Code)
}
