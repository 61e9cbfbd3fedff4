package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/publishing/decision"
)

func TestPostsAreReadUntilTheTimeIsUp(t *testing.T) {
	t.Parallel()
	rules := decision.Rules{ReadBackAfter: 15 * time.Minute}
	passed, readings := rules.FirstReading(), 1
	for {
		wait, again := rules.NextReading(passed)
		if !again {
			break
		}
		require.Positive(t, wait)
		passed, readings = passed+wait, readings+1
	}
	require.Equal(t, rules.ReadBackAfter, passed, "the last one comes at the end, and not before")
	require.Less(t, readings, 10)
}

func TestWhenLinkedInIsAskedAgainAfterItCouldNotBe(t *testing.T) {
	t.Parallel()
	rules := decision.Rules{ReadBackAfter: 15 * time.Minute}
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
		wait, again := rules.ReadingAfter(c.err, c.passed)
		require.Equal(t, c.wait > 0, again, name)
		require.Equal(t, c.wait, wait, name)
	}
}
