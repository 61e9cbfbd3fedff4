package decision_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// The one law that keeps a post from being sent twice: what may have taken effect is never called failed.
func TestWhatMayHaveTakenEffectIsNeverCalledFailed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := fault.New(fault.Kind(rapid.IntRange(0, int(fault.VendorUnavailable)).Draw(t, "kind")), "A sentence.")
		f.Doubt = rapid.Bool().Draw(t, "doubt")
		f.Reason = rapid.SampledFrom([]string{"", "DUPLICATE_POST", "TIMEOUT"}).Draw(t, "reason")
		if status := rapid.SampledFrom([]int{0, 200, 400, 401, 403, 422, 429, 500}).Draw(t, "status"); rapid.Bool().Draw(t, "answered") {
			f.Answer = &fault.Answer{Status: status}
		}
		o := decision.Answered(linkedin.Created{}, f)
		require.Equal(t, f.Doubt, o.State == posts.StateUnconfirmed)
		require.Equal(t, f.Doubt, o.Answer.Result == decision.InDoubt)
		require.NotEqual(t, posts.StatePublished, o.State)
		require.NotEmpty(t, o.Failure.Code, "the database insists on one")
		require.NotEmpty(t, o.Failure.Remedy)
	})
}

// A doubt stands until LinkedIn names the post or takes it: no other answer says anything about the attempt before.
func TestADoubtStandsUntilThePostIsNamedOrTaken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := decision.Outcome{Answer: decision.Answer{
			Result:      rapid.SampledFrom([]string{decision.Accepted, decision.Rejected, decision.NotSent, decision.InDoubt}).Draw(t, "attempt"),
			DuplicateOf: rapid.SampledFrom([]string{"", "urn:li:share:1"}).Draw(t, "duplicate of"),
		}}
		before.State = map[string]string{decision.Accepted: posts.StatePublished, decision.InDoubt: posts.StateUnconfirmed}[before.Answer.Result]
		if before.State == "" {
			before.State = posts.StateFailed
		}
		after := before.After(decision.Earlier{InDoubt: true})
		require.NotEqual(t, posts.StateFailed, after.State, "the earlier attempt may have taken effect")
		require.Equal(t, before.State == posts.StateFailed && before.Answer.DuplicateOf != "", after.SettlesDoubts)
		if after.SettlesDoubts {
			require.Equal(t, before.Answer.DuplicateOf, after.URN)
		}
	})
}

func TestAnAcceptedPostIsPublishedEvenWithoutAName(t *testing.T) {
	t.Parallel()
	o := decision.Answered(linkedin.Created{Status: 201, TraceID: "trace"}, nil)
	require.Equal(t, decision.Outcome{
		Answer: decision.Answer{Result: decision.Accepted, Status: 201, TraceID: "trace"}, State: posts.StatePublished,
	}, o)
	require.True(t, o.Answer.Sent())
	require.False(t, decision.Answered(linkedin.Created{}, fault.New(fault.VendorUnavailable, "Away.")).Answer.Sent())
}

func TestADuplicateOfAnotherPostSaysNothingAboutTheOneBefore(t *testing.T) {
	t.Parallel()
	o := decision.Outcome{State: posts.StateFailed, Answer: decision.Answer{Result: decision.Rejected, DuplicateOf: "urn:li:share:1"}}
	for words, o := range map[string]decision.Outcome{
		"is the post 01000000": o.DuplicateOfOther(uuid.UUID{1}), "is another post": o.DuplicateOfOther(uuid.Nil),
		"may be another post": o.DuplicateOfTwin(),
	} {
		require.Contains(t, o.Failure.Message, "urn:li:share:1, which "+words)
		require.Equal(t, posts.StateUnconfirmed, o.After(decision.Earlier{InDoubt: true}).State)
	}
}

func TestARefusedTokenPausesTheAccountThatStillHasIt(t *testing.T) {
	t.Parallel()
	refused := decision.Outcome{State: posts.StateQueued, Account: decision.Paused, Wait: decision.Wait{Until: noon.Add(time.Hour)}}
	require.Equal(t, refused, refused.ForAccount(accounts.Standing{}, true, noon))
	renewed := refused.ForAccount(accounts.Standing{}, false, noon)
	require.Equal(t, decision.Untouched, renewed.Account)
	require.Equal(t, noon, renewed.Wait.Until, "it is tried at once")
}
