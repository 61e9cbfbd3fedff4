package notify

import (
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/zone"
)

// QuietHours are when a user is told nothing: every day from one time on a zone's clocks until another, which is the next day's if
// it is the earlier one.
type QuietHours struct {
	From, Until time.Duration // after midnight, on the clocks
	Zone        *time.Location
}

// QuietInput are quiet hours as a caller writes them, such as 22:00, 07:00, Europe/Berlin.
type QuietInput struct{ Start, End, Zone string }

// clock is how a time of day is written.
const clock = "15:04"

// Write returns them as a caller writes them.
func (q QuietHours) Write() QuietInput {
	at := func(d time.Duration) string { return time.Time{}.Add(d).Format(clock) }
	return QuietInput{Start: at(q.From), End: at(q.Until), Zone: q.Zone.String()}
}

// read makes quiet hours of what a caller wrote, with everything that is wrong with it, under paths that begin with a prefix.
func (in QuietInput) read(prefix string) (q QuietHours, faults []fault.Field) {
	wrong := func(path, problem string) {
		faults = append(faults, fault.Field{Path: prefix + path, Problem: problem})
	}
	timeOfDay := func(path, text string) time.Duration {
		at, err := time.Parse(clock, text)
		if err != nil || len(text) != len(clock) {
			wrong(path, "must be a time of day from 00:00 to 23:59, such as 22:00")
		}
		return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	q.From, q.Until = timeOfDay("startTime", in.Start), timeOfDay("endTime", in.End)
	if len(faults) == 0 && q.From == q.Until {
		wrong("endTime", "must differ from startTime: to be told nothing at all, switch the events off")
	}
	var err error
	if q.Zone, err = zone.Load(in.Zone); err != nil {
		wrong("timeZone", err.Error())
	} else if in.Zone == "" {
		wrong("timeZone", "must be an IANA zone such as Europe/Berlin")
	}
	return q, faults
}

// Ends is when the quiet hours that a moment falls into are over; ok is false for a moment that falls into none.
func (q QuietHours) Ends(at time.Time) (end time.Time, ok bool) {
	local := at.In(q.Zone)
	for _, back := range []int{1, 0} { // those that began yesterday may not be over
		midnight := time.Date(local.Year(), local.Month(), local.Day()-back, 0, 0, 0, 0, time.UTC)
		until := midnight.Add(q.Until)
		if q.Until < q.From {
			until = midnight.AddDate(0, 0, 1).Add(q.Until)
		}
		begins, ends := moment(midnight.Add(q.From), q.Zone, false), moment(until, q.Zone, true)
		if !at.Before(begins) && at.Before(ends) {
			end, ok = ends, true
		}
	}
	return end, ok
}

// moment is when a zone's clocks show a time: the first or the last moment where they do so twice, and where they are set forward
// over it, the one at which they are.
func moment(wall time.Time, in *time.Location, last bool) time.Time {
	instants := zone.Instants(wall, in)
	switch {
	case len(instants) == 0:
		near := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, in)
		start, end := near.ZoneBounds()
		if !end.IsZero() && end.Sub(near) < near.Sub(start) {
			return end
		}
		return start
	case last:
		return instants[len(instants)-1]
	}
	return instants[0]
}
