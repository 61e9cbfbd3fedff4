package queue

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/postwright/postwright/internal/zone"
)

// Slot is a time that comes once a week: minutes since the beginning of Monday, on the clocks of some zone.
type Slot int

const (
	day  Slot = 24 * 60
	week Slot = 7 * day
)

// SlotAt is the slot of a weekday, 1 (Monday) to 7 (Sunday), at a time that is written 15:04.
func SlotAt(weekday int, clock string) (Slot, error) {
	at, err := time.Parse("15:04", clock)
	if err != nil || len(clock) != len("15:04") {
		return 0, errClock
	}
	return Slot(weekday-1)*day + Slot(at.Hour()*60+at.Minute()), nil
}

// Weekday is 1 (Monday) to 7 (Sunday).
func (s Slot) Weekday() int { return int(s/day) + 1 }

// Clock is the time of the day, written 15:04.
func (s Slot) Clock() string { return s.in(time.Time{}).Format("15:04") }

// in is when the slot is in the week that begins at a Monday's midnight.
func (s Slot) in(monday time.Time) time.Time { return monday.Add(time.Duration(s) * time.Minute) }

// Weekly are the slots of a week on the clocks of a zone.
type Weekly struct {
	Zone  string // IANA name; "" is UTC
	Slots []Slot // rising
}

// times are the moments of the slots after one and up to another, in order: none in a week whose clocks leave a slot out, the first
// where they show it twice.
func (w Weekly) times(clocks *time.Location, after, until time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		local := after.In(clocks)
		date := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		monday := date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
		for ; ; monday = monday.AddDate(0, 0, 7) {
			var moments []time.Time // a slot in the hour that is shown twice may come after a later one
			for _, slot := range w.Slots {
				if shown := zone.Instants(slot.in(monday), clocks); len(shown) > 0 {
					moments = append(moments, shown[0])
				}
			}
			slices.SortFunc(moments, time.Time.Compare)
			for _, moment := range moments {
				if moment.After(until) || moment.After(after) && !yield(moment) {
					return
				}
			}
			if len(w.Slots) == 0 || monday.After(until.AddDate(0, 0, 7)) {
				return
			}
		}
	}
}

// sorted are slots in the order of the week, each once.
func sorted(slots []Slot) []Slot {
	return slices.Compact(slices.SortedFunc(slices.Values(slots), cmp.Compare[Slot]))
}
