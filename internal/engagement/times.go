package engagement

import (
	"slices"
	"time"
)

// LeastAtATime is how many posts must have gone out at a time to say what posts come to then.
const LeastAtATime = 5

// Slot are the posts that went out in an hour of the day, or on a day of the week.
type Slot struct {
	Posts  int
	Median *float64 // nil where there are less than LeastAtATime, or less than Least in all
}

// Times are the posts by the hour from 0, and by the day from Monday.
type Times struct {
	Posts    int
	Hours    [24]Slot
	Weekdays [7]Slot
}

// BestTimes says what posts came to by the time at which they went out, on the clocks of a zone.
func BestTimes(published []Published, zone *time.Location) Times {
	var hours [24][]float64
	var days [7][]float64
	for _, p := range published {
		at := p.At.In(zone)
		day := (int(at.Weekday()) + 6) % 7
		hours[at.Hour()] = append(hours[at.Hour()], max(p.Engagement, 0))
		days[day] = append(days[day], max(p.Engagement, 0))
	}
	times := Times{Posts: len(published)}
	enough := len(published) >= Least
	for i, values := range hours {
		times.Hours[i] = slot(values, enough)
	}
	for i, values := range days {
		times.Weekdays[i] = slot(values, enough)
	}
	return times
}

func slot(values []float64, enough bool) Slot {
	s := Slot{Posts: len(values)}
	if enough && s.Posts >= LeastAtATime {
		slices.Sort(values)
		median := (values[(len(values)-1)/2] + values[len(values)/2]) / 2
		s.Median = &median
	}
	return s
}
