package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

func TestWhatEndangersASchedule(t *testing.T) {
	t.Parallel()
	in := func(days int) *time.Time { at := noon.AddDate(0, 0, days); return &at }
	announced := time.Date(2027, time.January, 15, 0, 0, 0, 0, time.UTC)
	guessed := time.Date(2027, time.September, 15, 0, 0, 0, 0, time.UTC)
	due := *in(60)
	for _, c := range []struct {
		name           string
		due            time.Time
		token, renewed *time.Time
		version        string
		warnings       []string
	}{
		{"nothing", due, in(61), nil, "209901", nil},
		{"nobody knows when the token ends", due, nil, nil, "209901", nil},
		{"the token ends before", due, in(59), nil, "209901", []string{"The token of Tess Ter ends at " + in(59).Format(time.RFC3339)}},
		{"the token ends at that very moment", due, in(60), nil, "209901", []string{"The token of Tess Ter ends at "}},
		{"the token ends before, and is renewed by then", due, in(59), in(365), "209901", nil},
		{"the token ends before, and so does what renews it", due, in(30), in(59), "209901", []string{"The token of Tess Ter ends at "}},
		{"the token ends before, and its renewal has failed", due, in(3), nil, "209901", []string{"The token of Tess Ter ends at "}},
		{"the version's last day", announced.Add(-time.Second), nil, nil, "202601", nil},
		{"the version ends on a day that LinkedIn announced", announced, nil, nil, "202601",
			[]string{"LinkedIn serves the configured version 202601 until 2027-01-15, "}},
		{"the version ends on a day that can only be guessed", guessed, nil, nil, "202609",
			[]string{"LinkedIn serves the configured version 202609 until about 2027-09-15, "}},
		{"both", guessed, in(59), nil, "202609", []string{"The token of Tess Ter ends at ",
			"LinkedIn serves the configured version 202609 until about 2027-09-15, "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := decision.Rules{Version: c.version}.Warnings("Tess Ter", accounts.Standing{Ends: c.token, RenewedUntil: c.renewed}, c.due)
			require.Len(t, got, len(c.warnings))
			for i, w := range c.warnings {
				require.Contains(t, got[i], w)
			}
		})
	}
}

func TestTheSecondWarningComesAWeekAheadOrHalfWay(t *testing.T) {
	t.Parallel()
	require.Equal(t, noon.AddDate(0, 0, 53), decision.WarnAgain(noon, noon.AddDate(0, 0, 60)))
	require.Equal(t, noon.AddDate(0, 0, 3), decision.WarnAgain(noon, noon.AddDate(0, 0, 6)))
}
