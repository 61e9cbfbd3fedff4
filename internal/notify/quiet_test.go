package notify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/zone"
)

func TestWhenQuietHoursEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   QuietInput
		at   string
		ends string // "" where they are not
	}{
		"before they begin":                  {QuietInput{"22:00", "07:00", "Europe/Berlin"}, "2026-03-01T21:59:59+01:00", ""},
		"as they begin":                      {QuietInput{"22:00", "07:00", "Europe/Berlin"}, "2026-03-01T22:00:00+01:00", "2026-03-02T07:00:00+01:00"},
		"after midnight":                     {QuietInput{"22:00", "07:00", "Europe/Berlin"}, "2026-03-02T00:30:00+01:00", "2026-03-02T07:00:00+01:00"},
		"as they end":                        {QuietInput{"22:00", "07:00", "Europe/Berlin"}, "2026-03-02T07:00:00+01:00", ""},
		"within a day":                       {QuietInput{"12:00", "14:00", "Asia/Tokyo"}, "2026-03-02T13:00:00+09:00", "2026-03-02T14:00:00+09:00"},
		"another zone has another night":     {QuietInput{"22:00", "07:00", "Asia/Tokyo"}, "2026-03-01T22:30:00+01:00", "2026-03-02T07:00:00+09:00"},
		"all but an hour":                    {QuietInput{"08:00", "07:00", "UTC"}, "2026-03-01T08:00:00Z", "2026-03-02T07:00:00Z"},
		"the hour between":                   {QuietInput{"08:00", "07:00", "UTC"}, "2026-03-01T07:30:00Z", ""},
		"the clocks go forward meanwhile":    {QuietInput{"22:00", "07:00", "Europe/Berlin"}, "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"},
		"they end in the clocks' gap":        {QuietInput{"22:00", "02:30", "Europe/Berlin"}, "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00"},
		"they begin in the clocks' gap":      {QuietInput{"02:30", "05:00", "Europe/Berlin"}, "2026-03-29T03:00:00+02:00", "2026-03-29T05:00:00+02:00"},
		"nothing is left of them":            {QuietInput{"02:15", "02:45", "Europe/Berlin"}, "2026-03-29T03:00:00+02:00", ""},
		"they end twice, the second counts":  {QuietInput{"22:00", "02:30", "Europe/Berlin"}, "2026-10-25T02:45:00+02:00", "2026-10-25T02:30:00+01:00"},
		"they begin twice, the first counts": {QuietInput{"02:30", "05:00", "Europe/Berlin"}, "2026-10-25T02:45:00+02:00", "2026-10-25T05:00:00+01:00"},
	} {
		q, faults := c.in.read("")
		require.Empty(t, faults, name)
		require.Equal(t, c.in, q.Write(), name)
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		end, quiet := q.Ends(at)
		require.Equal(t, c.ends != "", quiet, name)
		if quiet {
			want, err := time.Parse(time.RFC3339, c.ends)
			require.NoError(t, err)
			require.True(t, want.Equal(end), "%s: %s", name, end)
		}
	}
}

// What waits for the end of quiet hours waits a day and a change of the clocks at most, and then they are over.
func TestQuietHoursAlwaysEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
			"America/Sao_Paulo"}).Draw(t, "zone")
		in, err := zone.Load(name)
		require.NoError(t, err)
		q := QuietHours{
			From: time.Duration(rapid.IntRange(0, 1439).Draw(t, "from")) * time.Minute, Zone: in,
			Until: time.Duration(rapid.IntRange(0, 1439).Draw(t, "until")) * time.Minute,
		}
		if q.From == q.Until {
			return
		}
		at := time.Unix(rapid.Int64Range(1_300_000_000, 1_800_000_000).Draw(t, "at"), 0)
		end, quiet := q.Ends(at)
		if !quiet {
			return
		}
		require.True(t, end.After(at))
		require.LessOrEqual(t, end.Sub(at), 2*24*time.Hour) // Apia has left out a day
		_, still := q.Ends(end)
		require.False(t, still, "%s at %s, until %s", q.Write(), at, end)
	})
}

func TestQuietHoursThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for in, paths := range map[QuietInput][]string{
		{"24:00", "7:00", "Berlin"}:      {"q.startTime", "q.endTime", "q.timeZone"},
		{"22:00", "22:00", "UTC"}:        {"q.endTime"},
		{"22:00:00", "07:00", ""}:        {"q.startTime", "q.timeZone"},
		{"", "", "Europe/Berlin"}:        {"q.startTime", "q.endTime"},
		{"22:00", "07:00", "../etc/pwd"}: {"q.timeZone"},
	} {
		_, faults := in.read("q.")
		var got []string
		for _, f := range faults {
			got = append(got, f.Path)
		}
		require.Equal(t, paths, got)
	}
}
