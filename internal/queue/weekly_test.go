package queue

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/zone"
)

func slot(t require.TestingT, weekday int, clock string) Slot {
	s, err := SlotAt(weekday, clock)
	require.NoError(t, err)
	return s
}

func moments(t require.TestingT, w Weekly, after, until time.Time) []time.Time {
	clocks, err := zone.Load(w.Zone)
	require.NoError(t, err)
	return slices.Collect(w.times(clocks, after, until))
}

func TestTheTimesOfAWeek(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone         string
		slots        []Slot
		after, until string
		want         []string
	}{
		"two a week, over a week's end": {"UTC", []Slot{slot(t, 2, "09:00"), slot(t, 5, "17:30")}, "2026-03-05T00:00:00Z", "2026-03-11T00:00:00Z",
			[]string{"2026-03-06T17:30:00Z", "2026-03-10T09:00:00Z"}},
		"none before the moment itself has passed": {"UTC", []Slot{slot(t, 1, "09:00")}, "2026-03-02T09:00:00Z", "2026-03-09T09:00:00Z",
			[]string{"2026-03-09T09:00:00Z"}},
		"a Sunday and a Monday": {"UTC", []Slot{slot(t, 1, "00:00"), slot(t, 7, "23:59")}, "2026-03-01T12:00:00Z", "2026-03-03T00:00:00Z",
			[]string{"2026-03-01T23:59:00Z", "2026-03-02T00:00:00Z"}},
		"it is Monday there, and Sunday in UTC": {"Pacific/Auckland", []Slot{slot(t, 1, "01:00")}, "2026-03-01T10:00:00Z", "2026-03-02T00:00:00Z",
			[]string{"2026-03-01T12:00:00Z"}},
		"the clocks show the same when they are set": {"Europe/Berlin", []Slot{slot(t, 7, "09:00")}, "2026-03-21T00:00:00Z", "2026-03-30T00:00:00Z",
			[]string{"2026-03-22T08:00:00Z", "2026-03-29T07:00:00Z"}},
		"a time that is left out does not come that week": {"Europe/Berlin", []Slot{slot(t, 7, "02:30")}, "2026-03-21T00:00:00Z",
			"2026-04-06T00:00:00Z", []string{"2026-03-22T01:30:00Z", "2026-04-05T00:30:00Z"}},
		"the first of two": {"Europe/Berlin", []Slot{slot(t, 7, "02:30")}, "2026-10-24T00:00:00Z", "2026-10-26T00:00:00Z",
			[]string{"2026-10-25T00:30:00Z"}},
		"no slots": {"UTC", nil, "2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, err := time.Parse(time.RFC3339, c.after)
			require.NoError(t, err)
			until, err := time.Parse(time.RFC3339, c.until)
			require.NoError(t, err)
			var got []string
			for _, at := range moments(t, Weekly{c.zone, c.slots}, after, until) {
				got = append(got, at.UTC().Format(time.RFC3339))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheTimesOfAnyWeekRiseAndAreShownByItsClocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		slots := sorted(rapid.SliceOfN(rapid.Map(rapid.IntRange(0, int(week)-1), func(m int) Slot { return Slot(m) }), 0, 20).Draw(t, "slots"))
		w := Weekly{rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"}).Draw(t, "zone"), slots}
		after := time.Unix(rapid.Int64Range(1_750_000_000, 1_900_000_000).Draw(t, "after"), 0)
		until := after.Add(time.Duration(rapid.IntRange(0, 30*24).Draw(t, "hours")) * time.Hour)
		found := moments(t, w, after, until)
		clocks, err := zone.Load(w.Zone)
		require.NoError(t, err)
		for i, at := range found {
			require.True(t, at.After(after) && !at.After(until))
			require.True(t, i == 0 || at.After(found[i-1]))
			local := at.In(clocks)
			require.Contains(t, slots, slot(t, (int(local.Weekday())+6)%7+1, local.Format("15:04")))
		}
		for at := after.Truncate(time.Minute).Add(time.Minute); !at.After(until); at = at.Add(time.Minute) {
			local := at.In(clocks)
			_, is := slices.BinarySearch(slots, slot(t, (int(local.Weekday())+6)%7+1, local.Format("15:04")))
			wall, err := zone.Parse(local.Format(zone.Form))
			require.NoError(t, err)
			first := zone.Instants(wall, clocks)[0].Equal(at)
			require.Equal(t, is && first, slices.ContainsFunc(found, at.Equal), at)
		}
	})
}

func TestASlotIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	for minute := range week {
		require.Equal(t, minute, slot(t, minute.Weekday(), minute.Clock()))
	}
	for _, wrong := range []string{"", "9:00", "24:00", "09:60", "09:00:00", "noon", "９:00"} {
		_, err := SlotAt(1, wrong)
		require.ErrorContains(t, err, "must be a time of the day such as 09:00", wrong)
	}
}
