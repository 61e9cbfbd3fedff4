package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// reading are rules of which only what says when to read counts.
var reading = decision.Rules{ReadBackAfter: 15 * time.Minute}

func TestPostsAreReadUntilTheTimeIsUp(t *testing.T) {
	t.Parallel()
	doubt := decision.Doubt{From: noon, Until: noon}
	passed, readings := reading.FirstReading(), 1
	for {
		next := reading.AfterReading(doubt, decision.Evidence{}, noon.Add(passed))
		if !next.Again {
			break
		}
		require.Positive(t, next.Wait)
		require.Zero(t, next.Resolution)
		passed, readings = passed+next.Wait, readings+1
	}
	require.Equal(t, reading.ReadBackAfter, passed, "the last one comes at the end, and not before")
	require.Less(t, readings, 10)
}

func TestWhatAReadingMeansForAPostInDoubt(t *testing.T) {
	t.Parallel()
	const ours = "Hello, world. It is a fine day for a long enough text."
	urn, err := linkedin.ParseURN("urn:li:share:1")
	require.NoError(t, err)
	doubt := decision.Doubt{From: noon, Until: noon}
	elsewhere := decision.Doubt{From: noon, Until: noon, Elsewhere: true}
	listed := linkedin.Post{URN: urn, Text: ours, PublishedAt: noon, LastModifiedAt: noon, LifecycleState: linkedin.LifecyclePublished}
	draft, old := listed, listed
	draft.LifecycleState = "DRAFT"
	old.PublishedAt, old.LastModifiedAt = noon.Add(-time.Hour), noon.Add(-time.Hour)
	evidence := func(d decision.Doubt, known []string, list ...linkedin.Post) decision.Evidence {
		return decision.Evidence{
			Listing: decision.Listing{Posts: list}, Known: known, Seen: d.Find(ours, list, func(string) bool { return false }),
		}
	}
	whole := evidence(doubt, nil)
	whole.Complete = true
	wholeAndKnown := whole
	wholeAndKnown.Known = []string{"urn:li:share:2"}
	early, late := noon.Add(time.Minute), noon.Add(reading.ReadBackAfter)
	for name, c := range map[string]struct {
		doubt    decision.Doubt
		evidence decision.Evidence
		now      time.Time
		again    bool
		finding  decision.Finding
	}{
		"it is there, at once":                       {doubt, evidence(doubt, nil, listed), early, false, decision.There},
		"it is there, at last":                       {doubt, evidence(doubt, nil, listed), late, false, decision.There},
		"it is there, sent from elsewhere":           {elsewhere, evidence(elsewhere, nil, listed), late, false, decision.There},
		"not yet":                                    {doubt, evidence(doubt, nil, old), early, true, decision.Nothing},
		"something like it, so far":                  {doubt, evidence(doubt, nil, draft), early, true, decision.Nothing},
		"something like it":                          {doubt, evidence(doubt, nil, draft), late, false, decision.Resembled},
		"something like it, sent from elsewhere":     {elsewhere, evidence(elsewhere, nil, draft), late, false, decision.Nothing},
		"nothing like it":                            {doubt, evidence(doubt, nil, old), late, false, decision.Absent},
		"nothing like it, and the newest is shown":   {doubt, evidence(doubt, []string{"urn:li:share:1"}, old), late, false, decision.Absent},
		"nothing like it, and the newest is not":     {doubt, evidence(doubt, []string{"urn:li:share:2"}, old), late, false, decision.Nothing},
		"nothing like it, sent from elsewhere":       {elsewhere, evidence(elsewhere, nil, old), late, false, decision.Nothing},
		"nothing at all proves nothing":              {doubt, whole, late, false, decision.Nothing},
		"nothing at all, though one should be there": {doubt, wholeAndKnown, late, false, decision.Nothing},
		"a list that ends too early": {doubt, decision.Evidence{Listing: decision.Listing{Posts: []linkedin.Post{listed}}}, late, false,
			decision.Nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := reading.AfterReading(c.doubt, c.evidence, c.now)
			require.Equal(t, c.again, next.Again)
			require.Equal(t, c.again, next.Wait > 0)
			require.Equal(t, c.finding, next.Finding)
			switch next.Finding {
			case decision.There:
				require.Equal(t, decision.Resolution{Finding: decision.There, URN: "urn:li:share:1", By: decision.SettledReadBack}, next.Resolution)
			case decision.Absent:
				require.Equal(t, decision.SettledAbsent, next.By)
				require.Equal(t, "NOT_PUBLISHED", next.Failure.Code)
			case decision.Resembled:
				require.Contains(t, next.Failure.Message, "urn:li:share:1")
				require.Empty(t, next.By, "a person is to settle it")
			case decision.Nothing:
				require.Zero(t, next.Resolution)
			}
		})
	}
}

func TestWhenLinkedInIsAskedAgainAfterItCouldNotBe(t *testing.T) {
	t.Parallel()
	limited := fault.New(fault.RateLimited, "Later.")
	limited.RetryAfter = 2 * time.Hour
	away := fault.New(fault.VendorUnavailable, "Away.")
	for name, c := range map[string]struct {
		err    error
		passed time.Duration
		wait   time.Duration // 0 when a person settles the doubt
	}{
		"away":                         {away, 0, time.Minute},
		"away for long":                {away, time.Hour, time.Hour},
		"away for too long":            {away, 25 * time.Hour, 0},
		"a limit":                      {limited, 0, 2 * time.Hour},
		"it says no, and will do so":   {fault.New(fault.VendorRejected, "No."), 0, 0},
		"there is no account any more": {fault.New(fault.NotFound, "Gone."), 0, 0},
	} {
		next := reading.AfterTrouble(decision.Doubt{Until: noon}, c.err, noon.Add(c.passed))
		require.Equal(t, decision.Next{Again: c.wait > 0, Wait: c.wait}, next, name)
	}
}
