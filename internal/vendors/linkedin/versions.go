package linkedin

import (
	"context"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

// sunsets are the days (UTC) from which LinkedIn serves a version no more, as its page on migrations announced them by
// November 2026.
var sunsets = map[string]time.Time{
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

// VersionEnds says from when on (UTC) LinkedIn serves a version no more. exact is true for a day that LinkedIn has
// announced. Otherwise end is an estimate, to be spoken of with "about": LinkedIn promises a year (versioning), and the
// versions it has announced end on the fifteenth or sixteenth of their month, one year on. It is the zero time for what is
// no version.
func VersionEnds(version string) (end time.Time, exact bool) {
	if end, exact = sunsets[version]; exact {
		return end, true
	}
	month, err := time.Parse("200601", version)
	if err != nil || !versionForm.MatchString(version) {
		return time.Time{}, false
	}
	return month.AddDate(1, 0, 14), false
}

// nobodys names a post that no token may read, or that is not there.
var nobodys = URN{kind: KindShare, id: "1"}

// ServesVersion asks with a token whether LinkedIn serves the configured version: it reads a post that nobody has, and any
// answer about that post says that the version was understood. It costs one request of the member's day and changes nothing.
// A token that LinkedIn does not accept is a VendorAuth fault: then nobody knows.
func (c *Client) ServesVersion(ctx context.Context, token string) (bool, error) {
	_, err := c.GetPost(outbound.ExpectRefusal(ctx), token, nobodys)
	switch f := fault.Of(err); {
	case f == nil, f.Kind == fault.VendorRejected && f.Reason != ReasonVersionExpired:
		return true, nil
	case f.Reason == ReasonVersionExpired:
		return false, nil
	}
	return false, err
}
