package analytics

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAPlanIsReadOrSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Plan{
		"":                   nil,
		"0s":                 {0},
		"1h,6h,1d":           {time.Hour, 6 * time.Hour, 24 * time.Hour},
		"90m, 2w":            {90 * time.Minute, 14 * 24 * time.Hour},
		"1h30m,104w":         {90 * time.Minute, 104 * 7 * 24 * time.Hour},
		"1h,1d,1w,2w,3w,13w": {time.Hour, day, 7 * day, 14 * day, 21 * day, 91 * day},
	} {
		plan, problems := ParsePlan(text)
		require.Empty(t, problems, text)
		require.Equal(t, want, plan, text)
	}
	for text, want := range map[string][]string{
		"soon":                                  {`"soon" is none`},
		"1h,,2h":                                {`"" is none`},
		"1d,6h":                                 {`"6h" comes too late`},
		"1d,24h":                                {`"24h" comes too late`},
		"-1h":                                   {`"-1h" is out of that`},
		"800d":                                  {`"800d" is out of that`},
		"99999999w":                             {`"99999999w" is none`},
		"x,1h,y,0.5h":                           {`"x" is none`, `"y" is none`, `"0.5h" comes too late`},
		strings.Repeat("1h,", mostTimes) + "2h": {"at most 100 times"},
	} {
		plan, problems := ParsePlan(text)
		require.Nil(t, plan, text)
		require.Len(t, problems, len(want), text)
		for i, problem := range problems {
			require.Contains(t, problem, want[i], text)
		}
	}
}

func TestAPlanStandsBetweenTheTimeThatHasComeAndTheNext(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		published := time.Unix(1_800_000_000, 0)
		var plan Plan
		for after := range 5 {
			if rapid.Bool().Draw(t, "has") {
				plan = append(plan, time.Duration(after)*time.Hour)
			}
		}
		now := published.Add(time.Duration(rapid.IntRange(-60, 360).Draw(t, "minutes")) * time.Minute)

		at := plan.at(published, now)

		for _, after := range plan {
			one := published.Add(after)
			require.False(t, one.After(at.due) && !one.After(now), "a later time has come")
			require.False(t, one.After(now) && (at.next.IsZero() || one.Before(at.next)), "an earlier time is next")
		}
		require.False(t, at.due.After(now))
		require.True(t, at.next.IsZero() || at.next.After(now))
	})
}
