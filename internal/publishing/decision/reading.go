package decision

import (
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// When the posts of an account are read to settle a doubt.
const (
	// readTrouble is the wait after LinkedIn could not be asked, and readGiveUp when that is left to a person.
	readTrouble = time.Minute
	readGiveUp  = 24 * time.Hour
	// firstReadings is the share of Rules.ReadBackAfter after which the posts are read first; each wait doubles.
	firstReadings = 90
)

// FirstReading is how long after a doubt has come up the account's posts are read first.
func (r Rules) FirstReading() time.Duration { return r.ReadBackAfter / firstReadings }

// Listing is what LinkedIn lists of an account's posts, the last modified first.
type Listing struct {
	Posts []linkedin.Post
	// Complete is whether it holds them all.
	Complete bool
}

// Evidence is what a reading shows of a post in doubt.
type Evidence struct {
	Listing
	// Seen are those listed that may be the post.
	Seen Sightings
	// Known is the name of the newest other post of the account that is known to be there; none where none is.
	Known []string
}

// Next is what follows a reading: another one after a wait, or else what becomes of the doubt.
type Next struct {
	Again bool
	Wait  time.Duration // until it is read again
	Resolution
}

// AfterReading is what follows when the account's posts were read. The post is there if one surely is it. Until the time is up they
// are read again: a list may be behind. Then the post is absent if nothing listed is like it and the list surely would show it;
// whatever is less certain is left to a person.
func (r Rules) AfterReading(d Doubt, e Evidence, now time.Time) Next {
	if urn, certain := e.Seen.Published(); certain {
		return Next{Resolution: Resolution{Finding: There, URN: urn, By: SettledReadBack}}
	}
	passed := now.Sub(d.Until)
	switch {
	case passed < r.ReadBackAfter:
		return Next{Again: true, Wait: min(max(passed, r.FirstReading()), r.ReadBackAfter-passed)}
	case d.Elsewhere: // its text may have been another one, in the database that is gone: that it is missing says nothing
		return Next{}
	case len(e.Seen) > 0:
		return Next{Resolution: Resolution{Finding: Resembled, Failure: e.Seen.failure()}}
	case !d.ReachesBack(e.Listing), !e.Shows(e.Known):
		return Next{}
	}
	return Next{Resolution: Resolution{Finding: Absent, By: SettledAbsent, Failure: Failure{
		Code:    "NOT_PUBLISHED",
		Message: "LinkedIn does not list the post among the account's latest.",
		Remedy:  "Publish the post again.",
	}}}
}

// AfterTrouble is what follows when LinkedIn could not be asked. The wait until it is asked again doubles, and is what LinkedIn
// asks, or what publishing needs of the day's requests, where that is longer.
func (r Rules) AfterTrouble(d Doubt, err error, now time.Time) Next {
	passed := now.Sub(d.Until)
	if permanent(err) || passed > readGiveUp {
		return Next{}
	}
	return Next{Again: true, Wait: max(min(readTrouble, r.ReadBackAfter), passed, fault.Of(err).RetryAfter)}
}

// permanent reports whether asking again would be answered the same.
func permanent(err error) bool {
	switch fault.Of(err).Kind {
	case fault.VendorRejected, fault.NotFound, fault.Precondition, fault.Internal, fault.Invalid:
		return true
	}
	return false
}
