package status

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClocksThatAreApart(t *testing.T) {
	t.Parallel()
	for ahead, state := range map[time.Duration]State{
		0: OK, 4999 * time.Millisecond: OK, -4999 * time.Millisecond: OK,
		5 * time.Second: Warning, -5 * time.Second: Warning, 59 * time.Second: Warning, time.Minute: Failed, -time.Hour: Failed,
	} {
		require.Equal(t, state, clock(ahead)[0].State, ahead)
	}
}

// The warnings of a version's end, each in its time: the latest that is due.
func TestWhichWarningOfAVersionsEndIsDue(t *testing.T) {
	t.Parallel()
	ends := time.Date(2027, time.January, 15, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		left time.Duration
		dead bool
		days int32
		due  bool
	}{
		{61 * 24 * time.Hour, false, 0, false},
		{60*24*time.Hour + time.Second, false, 0, false},
		{60 * 24 * time.Hour, false, 60, true},
		{31 * 24 * time.Hour, false, 60, true},
		{30 * 24 * time.Hour, false, 30, true},
		{8 * 24 * time.Hour, false, 14, true},
		{24 * time.Hour, false, 1, true},
		{-24 * time.Hour, false, 1, true},
		{200 * 24 * time.Hour, true, 0, true},
	} {
		days, due := dueWarning(Ending{Ends: ends, Dead: c.dead}, ends.Add(-c.left))
		require.Equal(t, c.due, due, c.left)
		require.Equal(t, c.days, days, c.left)
	}
}

func TestTheWorstCheckDecides(t *testing.T) {
	t.Parallel()
	report := func(states ...State) Report {
		var r Report
		for _, s := range states {
			r.Checks = append(r.Checks, Check{State: s})
		}
		return r
	}
	require.Equal(t, OK, Report{}.State())
	require.Equal(t, Unknown, report(OK, Unknown).State())
	require.Equal(t, Warning, report(Warning, Unknown).State())
	require.Equal(t, Failed, report(OK, Failed, Warning).State())
}

// However often somebody looks, LinkedIn is asked once in six hours; what it could not tell is asked again.
func TestLinkedInIsNotAskedAtEveryLook(t *testing.T) {
	t.Parallel()
	clock, asked, knows := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 0, false
	probe := Remember(func(context.Context) (alive, known bool) { asked++; return true, knows }, func() time.Time { return clock })
	look := func() { _, _ = probe(t.Context()) }
	look()
	look()
	require.Equal(t, 2, asked, "it did not know")
	knows = true
	for range 5 {
		look()
		clock = clock.Add(time.Hour)
	}
	require.Equal(t, 3, asked)
	clock = clock.Add(time.Hour)
	look()
	require.Equal(t, 4, asked)
}
