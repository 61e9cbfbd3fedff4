package status

import (
	"context"
	"time"

	"github.com/postwright/postwright/internal/sunset"
)

// The name and the remedy that all checks of the version share.
const (
	version       = "linkedin version"
	remedyVersion = "Update Postwright, or set --linkedin-version to a newer one that LinkedIn serves."
)

// Version checks how long LinkedIn will serve the configured version, and, with the token of an account, whether it does.
func Version(configured string, probe sunset.Probe, now func() time.Time) Checker {
	return Checker{Name: version, Run: func(ctx context.Context) []Check {
		support := probe(ctx)
		until, left := lifetime(configured, now)
		switch {
		case support == sunset.Unsupported:
			return deadVersion(configured)
		case left <= 0 && support == sunset.Unknown:
			return single(
				version,
				Unknown,
				"LinkedIn was to serve the version "+configured+" "+until+"; without a connected account it can't be asked.",
				remedyVersion,
			)
		case left <= sunset.WarnAhead:
			return single(version, Warning, "LinkedIn serves the version "+configured+" "+until+".", remedyVersion)
		case support == sunset.Unknown:
			return single(
				version,
				Unknown,
				"LinkedIn is to serve the version "+configured+" "+until+"; without an account whose token works it can't be asked.",
				"",
			)
		}
		return single(version, OK, "LinkedIn serves the version "+configured+", "+until+".", "")
	}}
}

// AnnouncedVersion is Version for users: it says when LinkedIn is to end the version, and that it refuses it, but not whether
// it could be asked, which would tell whether anybody's token works.
func AnnouncedVersion(configured string, probe sunset.Probe, now func() time.Time) Checker {
	return Checker{Name: version, Run: func(ctx context.Context) []Check {
		if probe(ctx) == sunset.Unsupported {
			return deadVersion(configured)
		}
		until, left := lifetime(configured, now)
		switch {
		case left <= 0:
			return single(version, Warning, "LinkedIn was to serve the version "+configured+" "+until+".", remedyVersion)
		case left <= sunset.WarnAhead:
			return single(version, Warning, "LinkedIn is to serve the version "+configured+" "+until+".", remedyVersion)
		}
		return single(version, OK, "LinkedIn is to serve the version "+configured+" "+until+".", "")
	}}
}

func deadVersion(configured string) []Check {
	return single(version, Failed, "LinkedIn does not serve the version "+configured+": nothing can be published.", remedyVersion)
}

// lifetime is until when LinkedIn is to serve a version, in words, and how much longer that is.
func lifetime(configured string, now func() time.Time) (until string, left time.Duration) {
	ending := sunset.Of(configured)
	return "until " + ending.On(), ending.Ends.Sub(now())
}

// VersionByDate says what the calendar alone knows of the version.
func VersionByDate(configured string, now time.Time) Check {
	ending := sunset.Of(configured)
	c := Check{Name: version, State: OK,
		Remedy: "Set --linkedin-version to one that LinkedIn serves, YYYYMM; see LinkedIn's page on versioning."}
	switch {
	case ending.Ends.IsZero():
		c.State, c.Detail = Unknown, "Nobody knows how long LinkedIn serves the version "+configured+"."
	case ending.EndedBy(now) && ending.Exact:
		c.State = Failed
		c.Detail = "LinkedIn serves the version " + configured + " no more since " + ending.On() + ": nothing can be published."
	case ending.EndedBy(now):
		c.State = Warning
		c.Detail = "LinkedIn has probably served the version " + configured + " no more since " + ending.On() + ": then nothing can be published."
	case now.Before(ending.Begins):
		c.State, c.Detail = Warning, "LinkedIn does not serve the version "+configured+" yet, if it keeps to its calendar."
	default:
		c.Detail, c.Remedy = "By the calendar, LinkedIn serves the version "+configured+" until "+ending.On()+".", ""
	}
	return c
}
