package decision

import (
	"time"

	"github.com/postwright/postwright/internal/fault"
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

// NextReading is how long until they are read again, when so long has passed since the last attempt; false when there is no need
// to.
func (r Rules) NextReading(passed time.Duration) (wait time.Duration, again bool) {
	if passed >= r.ReadBackAfter {
		return 0, false
	}
	return min(max(passed, r.FirstReading()), r.ReadBackAfter-passed), true
}

// ReadingAfter is how long until LinkedIn is asked again after it could not be asked; false when the doubt is left to a person.
// The wait doubles, and is what LinkedIn asks, or what publishing needs of the day's requests, where that is longer.
func (r Rules) ReadingAfter(err error, passed time.Duration) (wait time.Duration, again bool) {
	if permanent(err) || passed > readGiveUp {
		return 0, false
	}
	return max(min(readTrouble, r.ReadBackAfter), passed, fault.Of(err).RetryAfter), true
}

// permanent reports whether asking again would be answered the same.
func permanent(err error) bool {
	switch fault.Of(err).Kind {
	case fault.VendorRejected, fault.NotFound, fault.Precondition, fault.Internal, fault.Invalid:
		return true
	}
	return false
}
