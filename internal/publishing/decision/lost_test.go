package decision_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

func TestWhatBecomesOfALostAttemptAndItsPost(t *testing.T) {
	t.Parallel()
	const urn = "urn:li:share:1"
	accepted := decision.Outcome{
		Answer: decision.Answer{Result: decision.Accepted, Status: 201, TraceID: "trace"}, State: posts.StatePublished, URN: urn,
	}
	told := decision.Failure{Code: "TIMEOUT", Message: "No answer.", Remedy: "Look."}
	inDoubt := decision.Outcome{
		Answer: decision.Answer{Result: decision.InDoubt, Code: "TIMEOUT"}, State: posts.StateUnconfirmed, Failure: told,
	}
	kept := accepted.Answer // the row keeps a doubt, and beside it how that was settled
	kept.Result = decision.InDoubt
	there := decision.Resolution{Finding: decision.There, URN: urn, By: decision.SettledLateAccepted}
	arrived := decision.Lost{Doubt: &kept, SentWith: true, Post: decision.LostArrived, Resolution: there}
	arrivedElsewhere := arrived
	arrivedElsewhere.SentWith = false
	doubted := decision.Lost{Doubt: &inDoubt.Answer, SentWith: true, Post: decision.LostInDoubt, Failure: told}
	beside := decision.Lost{Doubt: &inDoubt.Answer}
	for name, c := range map[string]struct {
		outcome    decision.Outcome
		state      string
		hasAccount bool
		want       decision.Lost
	}{
		"accepted, and a draft again":               {accepted, posts.StateDraft, true, arrived},
		"accepted, and scheduled again":             {accepted, posts.StateScheduled, true, arrived},
		"accepted, and called failed":               {accepted, posts.StateFailed, true, arrived},
		"accepted, and another attempt waits":       {accepted, posts.StateQueued, true, arrived},
		"accepted, and another is in doubt":         {accepted, posts.StateUnconfirmed, true, arrived},
		"accepted, and another is being made":       {accepted, posts.StatePublishing, true, arrivedElsewhere},
		"accepted, and so was another":              {accepted, posts.StatePublished, true, arrivedElsewhere},
		"accepted, and no account":                  {accepted, posts.StateDraft, false, decision.Lost{Post: decision.LostArrived, Resolution: there}},
		"in doubt, and a draft again":               {inDoubt, posts.StateDraft, true, doubted},
		"in doubt, and scheduled again":             {inDoubt, posts.StateScheduled, true, doubted},
		"in doubt, and called failed":               {inDoubt, posts.StateFailed, true, doubted},
		"in doubt, and another attempt waits":       {inDoubt, posts.StateQueued, true, beside},
		"in doubt, and so is another":               {inDoubt, posts.StateUnconfirmed, true, beside},
		"in doubt, and another is being made":       {inDoubt, posts.StatePublishing, true, beside},
		"in doubt, and another was accepted":        {inDoubt, posts.StatePublished, true, beside},
		"in doubt, and no account":                  {inDoubt, posts.StateDraft, false, decision.Lost{Post: decision.LostInDoubt, Failure: told}},
		"in doubt, another attempt, and no account": {inDoubt, posts.StateQueued, false, decision.Lost{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.outcome.Lost(c.state, c.hasAccount))
		})
	}
}

// The law of lost attempts: one that surely did not arrive leaves its post alone, and one that may have is never forgotten while
// anything else of it is there.
func TestALostAttemptCountsExactlyWhenItMayHaveArrived(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := decision.Outcome{Answer: decision.Answer{
			Result: rapid.SampledFrom([]string{decision.Accepted, decision.Rejected, decision.NotSent, decision.InDoubt}).Draw(t, "result"),
		}, Failure: decision.Failure{Code: "CODE"}}
		lost := o.Lost(rapid.SampledFrom([]string{
			posts.StateDraft, posts.StateScheduled, posts.StateQueued, posts.StatePublishing, posts.StatePublished, posts.StateUnconfirmed,
			posts.StateFailed,
		}).Draw(t, "state"), rapid.Bool().Draw(t, "has account"))
		if !o.Answer.MayHaveArrived() {
			require.Equal(t, decision.Lost{}, lost)
			return
		}
		require.Equal(t, o.Answer.Result == decision.Accepted, lost.Post == decision.LostArrived)
		if lost.SentWith {
			require.NotNil(t, lost.Doubt, "an attempt belongs to it")
		}
		if lost.Doubt != nil {
			require.Equal(t, decision.InDoubt, lost.Doubt.Result)
		}
	})
}

func TestOfALostPostTheLogTellsWhatLinkedInHas(t *testing.T) {
	t.Parallel()
	id := uuid.UUID{1}
	for said, o := range map[string]decision.Outcome{
		"LinkedIn has it, as urn:li:share:1.":      {Answer: decision.Answer{Result: decision.Accepted}, URN: "urn:li:share:1"},
		"LinkedIn has it, as it did not say what.": {Answer: decision.Answer{Result: decision.Accepted}},
		"LinkedIn may have it.":                    {Answer: decision.Answer{Result: decision.InDoubt}},
		"LinkedIn did not take it.":                {Answer: decision.Answer{Result: decision.Rejected}},
	} {
		err := o.LostPost(id, nil)
		require.True(t, fault.Is(err, fault.NotFound), said)
		require.ErrorContains(t, err, "The database lost the post "+id.String()+" while it was sent. "+said)
	}
}
