package publishing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAScheduleSaysOneMoment(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return moment
	}
	for name, c := range map[string]struct {
		in      ScheduleInput
		want    string // the moment
		problem string
	}{
		"a moment":             {ScheduleInput{Time: at("2026-12-01T08:00:00Z")}, "2026-12-01T08:00:00Z", ""},
		"a moment with a zone": {ScheduleInput{Time: at("2026-12-01T08:00:00Z"), Zone: "Asia/Tokyo"}, "2026-12-01T08:00:00Z", ""},
		"a local time":         {ScheduleInput{LocalTime: "2026-12-01T09:00", Zone: "Europe/Berlin"}, "2026-12-01T08:00:00Z", ""},
		"both, which are the same": {ScheduleInput{LocalTime: "2026-12-01T09:00", Zone: "Europe/Berlin", Time: at("2026-12-01T08:00:00Z")},
			"2026-12-01T08:00:00Z", ""},
		"a local time that comes twice, the 1st": {ScheduleInput{LocalTime: "2026-10-25T02:30", Zone: "Europe/Berlin", Time: at("2026-10-25T00:30:00Z")},
			"2026-10-25T00:30:00Z", ""},
		"a local time that comes twice, the 2nd": {ScheduleInput{LocalTime: "2026-10-25T02:30", Zone: "Europe/Berlin", Time: at("2026-10-25T01:30:00Z")},
			"2026-10-25T01:30:00Z", ""},
		"nothing":                     {ScheduleInput{}, "", "scheduledTime must be given"},
		"a zone alone":                {ScheduleInput{Zone: "Europe/Berlin"}, "", "scheduledTime must be given"},
		"a local time without a zone": {ScheduleInput{LocalTime: "2026-12-01T09:00"}, "", "timeZone must say on whose clocks"},
		"a local time with an offset": {ScheduleInput{LocalTime: "2026-12-01T09:00+01:00", Zone: "Europe/Berlin"}, "", "without an offset"},
		"a zone that is none":         {ScheduleInput{LocalTime: "2026-12-01T09:00", Zone: "localtime"}, "", "timeZone must be an IANA zone"},
		"both, which are not the same": {ScheduleInput{LocalTime: "2026-12-01T09:00", Zone: "America/New_York", Time: at("2026-12-01T08:00:00Z")}, "",
			"is 2026-12-01T14:00:00Z in America/New_York, and scheduledTime is another moment"},
		"a local time that comes twice": {ScheduleInput{LocalTime: "2026-10-25T02:30", Zone: "Europe/Berlin"}, "",
			"at 2026-10-25T00:30:00Z and 2026-10-25T01:30:00Z: say with scheduledTime"},
		"a local time that never comes": {ScheduleInput{LocalTime: "2026-03-29T02:30", Zone: "Europe/Berlin"}, "",
			"they are set forward from 02:00 to 03:00; choose another"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moment, err := c.in.moment()
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				require.Error(t, c.in.Validate())
				return
			}
			require.NoError(t, err)
			require.True(t, at(c.want).Equal(moment), "%s", moment)
		})
	}
	now := at("2026-06-01T00:00:00Z")
	for local, problem := range map[string]string{"2026-06-01T01:59": "must be in the future", "2027-06-02T09:00": "at most 365 days ahead",
		"2026-06-01T02:01": ""} {
		in := ScheduleInput{LocalTime: local, Zone: "Europe/Berlin"}
		moment, err := in.moment()
		require.NoError(t, err)
		if problem == "" {
			require.NoError(t, in.ahead(moment, now))
			continue
		}
		require.ErrorContains(t, in.ahead(moment, now), problem)
	}
}
