package decision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// An answer that comes late settles what it speaks of, and no doubt about another attempt.
func TestWhatALateAnswerMeansForThePost(t *testing.T) {
	t.Parallel()
	const named, known = "urn:li:share:1", "urn:li:share:2"
	answer := func(result string) decision.Outcome { return decision.Outcome{Answer: decision.Answer{Result: result}} }
	accepted, refused, duplicate := answer(decision.Accepted), answer(decision.Rejected), answer(decision.Rejected)
	accepted.URN, duplicate.Answer.DuplicateOf = named, named
	refused.State, refused.Failure = posts.StateFailed, decision.Failure{Code: "NO", Remedy: "Change it."}
	waits := refused
	waits.State = posts.StateQueued
	waited := decision.Failure{Code: "NO", Remedy: "Nothing is on LinkedIn. Publish the post again."}
	there := func(urn string, by decision.Settlement) decision.Resolution {
		return decision.Resolution{Finding: decision.There, URN: urn, By: by}
	}
	absent := func(f decision.Failure) decision.Resolution {
		return decision.Resolution{Finding: decision.Absent, Failure: f, By: decision.SettledLateRefused}
	}
	alone, inDoubt, arrived := decision.Earlier{}, decision.Earlier{InDoubt: true}, decision.Earlier{Arrived: true}
	arrivedAs := decision.Earlier{Arrived: true, URN: known}
	for name, c := range map[string]struct {
		late   decision.Outcome
		state  string
		others decision.Earlier
		want   decision.Resolution
	}{
		"taken":                                {accepted, posts.StateUnconfirmed, alone, there(named, decision.SettledLateAccepted)},
		"taken, whatever is said by now":       {accepted, posts.StateFailed, inDoubt, there(named, decision.SettledLateAccepted)},
		"in doubt itself":                      {answer(decision.InDoubt), posts.StateUnconfirmed, alone, decision.Resolution{}},
		"refused":                              {refused, posts.StateUnconfirmed, alone, absent(refused.Failure)},
		"not sent":                             {answer(decision.NotSent), posts.StateUnconfirmed, alone, absent(decision.Failure{})},
		"refused, where it would be repeated":  {waits, posts.StateUnconfirmed, alone, absent(waited)},
		"refused, and settled by somebody":     {refused, posts.StatePublished, alone, decision.Resolution{}},
		"refused, beside a doubt":              {refused, posts.StateUnconfirmed, inDoubt, decision.Resolution{}},
		"a duplicate of the one in doubt":      {duplicate, posts.StateUnconfirmed, inDoubt, there(named, decision.SettledByDuplicate)},
		"refused, beside one that arrived":     {refused, posts.StateQueued, arrivedAs, there(known, decision.SettledLateRefused)},
		"a duplicate of one without a name":    {duplicate, posts.StateUnconfirmed, arrived, there(named, decision.SettledLateRefused)},
		"a duplicate of one with another name": {duplicate, posts.StateUnconfirmed, arrivedAs, there(known, decision.SettledLateRefused)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.late.Late(c.state, c.others))
			_, settles := c.late.Answer.LateSettlement()
			require.Equal(t, c.late.Answer.Result != decision.InDoubt, settles)
		})
	}
}
