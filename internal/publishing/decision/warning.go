package decision

import (
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/sunset"
)

// Warnings say what may keep a post from going out at a time, though nothing does today: by the name of its account, how that
// stands now, and the LinkedIn version.
func (r Rules) Warnings(name string, standing accounts.Standing, at time.Time) []string {
	var list []string
	if standing.CannotPublish != nil {
		list = append(list, standing.CannotPublish.String())
	}
	if lasts := standing.UsableUntil(); lasts != nil && !at.Before(*lasts) {
		verb, why := "ends", ""
		if standing.EndsAssumed {
			verb, why = "is assumed to end", " ("+accounts.WhyAssumed+")"
		}
		list = append(list, fmt.Sprintf("The token of %s %s at %s%s, before the post is due: connect the account again until then.",
			name, verb, standing.Ends.UTC().Format(time.RFC3339), why))
	}
	if ending := sunset.Of(r.Version); ending.EndedBy(at) {
		list = append(list, ending.Warning())
	}
	return list
}

// WarnAgain is when the owner of a post that was scheduled with a warning is warned again: a week before the post is due, or
// half-way there.
func WarnAgain(now, at time.Time) time.Time {
	if early := at.Add(-7 * day); early.After(now) {
		return early
	}
	return now.Add(at.Sub(now) / 2)
}
