// Package sunset knows until when LinkedIn serves a version of its API, and has everybody warned ahead of that day.
//
// It owns the calendar, its words, LinkedIn's own word on a version, and the daily job that warns. It must not know how a
// warning reaches a person, nor what else is looked at.
package sunset

import (
	"context"
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Ending is how a version ends: when, as far as the calendar knows, and whether it has.
type Ending struct {
	Version string
	// Begins is the earliest moment from which LinkedIn may serve the version: it has served none more than a day before its
	// month. Zero for what is no version.
	Begins time.Time
	// Ends is the day (UTC) from which LinkedIn serves the version no more; zero for what is no version.
	Ends time.Time
	// Exact is true for a day that LinkedIn has announced. Otherwise Ends is an estimate, to be spoken of with "about".
	Exact bool
	// Dead is true once LinkedIn has said that it does not serve the version.
	Dead bool
}

// announced are the days (UTC) from which LinkedIn serves a version no more, as its page on migrations announced them by
// November 2026.
var announced = map[string]time.Time{
	"202510": day(2026, time.October, 15),
	"202511": day(2026, time.November, 16),
	"202601": day(2027, time.January, 15),
	"202602": day(2027, time.February, 15),
	"202603": day(2027, time.March, 16),
	"202604": day(2027, time.April, 15),
	"202605": day(2027, time.May, 15),
	"202606": day(2027, time.June, 15),
	"202607": day(2027, time.July, 15),
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// Of says by the calendar how a version ends. LinkedIn promises a year (versioning), and the versions whose end it has announced
// end on the fifteenth or sixteenth of their month, one year on: that is the estimate for the others.
func Of(version string) Ending {
	e := Ending{Version: version}
	month, err := time.Parse("200601", version)
	if err != nil || !linkedin.IsVersion(version) {
		return e
	}
	e.Begins = month.AddDate(0, 0, -1)
	if e.Ends, e.Exact = announced[version]; !e.Exact {
		e.Ends = month.AddDate(1, 0, 14)
	}
	return e
}

// On is the day of the end in words, "about 2027-09-15" or "2027-07-15".
func (e Ending) On() string {
	if e.Exact {
		return e.Ends.Format(time.DateOnly)
	}
	return "about " + e.Ends.Format(time.DateOnly)
}

// EndedBy reports whether, by the calendar, the version has ended at a time.
func (e Ending) EndedBy(at time.Time) bool { return !e.Ends.IsZero() && !at.Before(e.Ends) }

// Warning is what the author of a post is told that is due when the version has ended.
func (e Ending) Warning() string {
	return fmt.Sprintf("LinkedIn serves the configured version %s until %s, before the post is due: "+
		"have --linkedin-version raised until then.", e.Version, e.On())
}

// Gauges are how much longer the version lasts, for an operator.
func (e Ending) Gauges(now func() time.Time) []telemetry.Gauge {
	if e.Ends.IsZero() {
		return nil
	}
	return []telemetry.Gauge{{
		Name: "postwright_linkedin_version_days_left", Help: "Days until LinkedIn serves the configured version no more.",
		Label: "version", Read: func(context.Context) (map[string]float64, error) {
			return map[string]float64{e.Version: telemetry.Days(e.Ends.Sub(now()))}, nil
		},
	}}
}

// Notice is what a user is told of the end.
func (e Ending) Notice() (subject, content string) {
	const remedy = "Have Postwright updated, or --linkedin-version set to a newer one that LinkedIn serves. " +
		"Posts wait meanwhile, and fail when they become too late."
	if e.Dead {
		return "LinkedIn does not serve version " + e.Version + " any more",
			"Nothing can be published until that is changed.\n\n" + remedy
	}
	return fmt.Sprintf("LinkedIn serves version %s until %s", e.Version, e.On()),
		"After that nothing can be published with it.\n\n" + remedy
}
