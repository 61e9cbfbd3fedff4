package decision_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// Every state of a post: what becomes of one there that turns out to be on LinkedIn, and whether a person can say so.
func TestWhatBecomesOfAPostThatTurnsOutToBeThere(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]decision.Arrival{
		posts.StateDraft:       decision.ArrivesAtRest,
		posts.StateScheduled:   decision.ArrivesAtRest,
		posts.StateQueued:      decision.ArrivesQueued,
		posts.StatePublishing:  decision.ArrivesMidSend,
		posts.StateUnconfirmed: decision.ArrivesAtRest,
		posts.StateFailed:      decision.ArrivesAtRest,
		posts.StatePublished:   decision.ArrivedBefore,
	} {
		require.Equal(t, want, decision.ArrivalOf(state), state)
		if state == posts.StateUnconfirmed {
			require.NoError(t, decision.Resolvable(state))
			continue
		}
		require.True(t, fault.Is(decision.Resolvable(state), fault.Precondition), state)
	}
}

func TestADoubtIsSettledByWhatAPersonSaw(t *testing.T) {
	t.Parallel()
	there, absent := decision.Said(true, "urn:li:share:1"), decision.Said(false, "")
	require.Equal(t, decision.Resolution{Finding: decision.There, URN: "urn:li:share:1", By: decision.SettledPublished}, there)
	require.Equal(t, posts.StatePublished, there.State())
	require.Equal(t, decision.SettledNotPublished, absent.By)
	require.Equal(t, posts.StateFailed, absent.State())
	require.Equal(t, "NOT_PUBLISHED", absent.Failure.Code)
	require.Equal(t, posts.StateUnconfirmed, decision.Resolution{}.State(), "nobody said anything")
}

// By this the database tells a post that turned out to be there from one that did not.
func TestWhichSettlementsSayThatThePostIsThere(t *testing.T) {
	t.Parallel()
	for by, there := range map[decision.Settlement]bool{
		decision.SettledPublished:    true,
		decision.SettledByDuplicate:  true,
		decision.SettledReadBack:     true,
		decision.SettledLateAccepted: true,
		decision.SettledNotPublished: false,
		decision.SettledAbsent:       false,
		decision.SettledLateRefused:  false,
	} {
		require.Equal(t, there, slices.Contains(decision.SettledThere, string(by)), by)
	}
}
