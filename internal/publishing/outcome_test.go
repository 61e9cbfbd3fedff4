package publishing

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
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
		o := judge(linkedin.Created{}, f)
		require.Equal(t, f.Doubt, o.state == posts.StateUnconfirmed)
		require.Equal(t, f.Doubt, o.attempt == attemptInDoubt)
		require.NotEqual(t, posts.StatePublished, o.state)
		require.NotEmpty(t, o.failure.code, "the database insists on one")
		require.NotEmpty(t, o.failure.remedy)
	})
}

// A doubt stands until LinkedIn names the post or takes it: no other answer says anything about the attempt before.
func TestADoubtStandsUntilThePostIsNamedOrTaken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := outcome{
			attempt:     rapid.SampledFrom([]string{attemptAccepted, attemptRejected, attemptNotSent, attemptInDoubt}).Draw(t, "attempt"),
			duplicateOf: rapid.SampledFrom([]string{"", "urn:li:share:1"}).Draw(t, "duplicate of"),
		}
		before.state = map[string]string{attemptAccepted: posts.StatePublished, attemptInDoubt: posts.StateUnconfirmed}[before.attempt]
		if before.state == "" {
			before.state = posts.StateFailed
		}
		after := before.afterDoubt()
		require.NotEqual(t, posts.StateFailed, after.state, "the earlier attempt may have taken effect")
		require.Equal(t, before.state == posts.StateFailed && before.duplicateOf != "", after.settles)
		if after.settles {
			require.Equal(t, before.duplicateOf, after.urn)
		}
	})
}

func TestAnAcceptedPostIsPublishedEvenWithoutAName(t *testing.T) {
	t.Parallel()
	o := judge(linkedin.Created{Status: 201, TraceID: "trace"}, nil)
	require.Equal(t, outcome{attempt: attemptAccepted, status: 201, traceID: "trace", state: posts.StatePublished}, o)
}
