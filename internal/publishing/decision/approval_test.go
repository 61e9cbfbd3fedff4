package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

func TestWhichPostsCanBeApproved(t *testing.T) {
	t.Parallel()
	for state, reason := range map[string]string{
		posts.StateDraft: "", posts.StateFailed: "", posts.StateQueued: "ALREADY_PUBLISHING", posts.StatePublishing: "ALREADY_PUBLISHING",
		posts.StatePublished: "ALREADY_PUBLISHED", posts.StateUnconfirmed: "UNCONFIRMED", posts.StateScheduled: "SCHEDULED",
	} {
		for _, resend := range []bool{false, true} {
			err := decision.Publishable(state, resend)
			if reason == "" || resend && state == posts.StateUnconfirmed {
				require.NoError(t, err, state)
				continue
			}
			require.True(t, fault.Is(err, fault.Precondition), state)
			require.Equal(t, reason, fault.Of(err).Reason, state)
		}
	}
}

func TestAResendIsRefusedInTheLastOfTheWindow(t *testing.T) {
	t.Parallel()
	ten := decision.Rules{DuplicateWindow: 10 * time.Minute}
	short := decision.Rules{DuplicateWindow: 10 * time.Second}
	for _, c := range []struct {
		rules   decision.Rules
		after   time.Duration
		refused bool
	}{
		{ten, 0, false}, {ten, 9 * time.Minute, false}, {ten, 9*time.Minute + time.Second, true}, {ten, time.Hour, true},
		{short, 5 * time.Second, false}, {short, 6 * time.Second, true},
	} {
		err := c.rules.ResendTooLate(noon, noon.Add(c.after))
		require.Equal(t, c.refused, err != nil, "%s after, of %s", c.after, c.rules.DuplicateWindow)
		if c.refused {
			require.Equal(t, decision.ReasonResendTooLate, fault.Of(err).Reason)
			require.ErrorContains(t, err, "2026-11-22T12:00:00Z")
		}
	}
}

// The law of resends: without a look nothing goes out once LinkedIn may have forgotten the first, but for what passes on its way.
func TestNoResendGoesOutUnseenOnceLinkedInMayHaveForgottenTheFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, name))
		}
		rules := decision.Rules{DuplicateWindow: span("window") + time.Second}
		approved := noon.Add(span("approved"))
		sent := approved.Add(span("sent"))
		inTime := rules.ResendTooLate(noon, approved) == nil
		goesOut := rules.Prompt(approved, sent) || !rules.ResendExpired(approved, noon, sent)
		if inTime && goesOut {
			require.LessOrEqual(t, sent.Sub(noon), rules.DuplicateWindow)
		}
		if !inTime { // who approved it has looked
			require.True(t, goesOut)
		}
	})
}

func TestAResendThatWasApprovedInTimeExpiresWithTheWindow(t *testing.T) {
	t.Parallel()
	ten := decision.Rules{DuplicateWindow: 10 * time.Minute}
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	require.False(t, ten.ResendExpired(at(5), noon, at(10)))
	require.True(t, ten.ResendExpired(at(5), noon, at(11)))
	require.True(t, ten.ResendExpired(at(9), noon, at(11)))
	require.False(t, ten.ResendExpired(at(10), noon, at(11)), "who approved it then has looked")
}
