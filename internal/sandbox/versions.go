package sandbox

import (
	"net/http"
	"time"
)

// sunsets are the versions that LinkedIn has served since the end of 2025, and until when, from its page on migrations.
// There is none for December. The sunset of 202608 to 202610 had not been announced; theirs follow the pattern of a
// version's fifteenth day one year on.
var sunsets = map[string]time.Time{
	"202510": date(2026, 10, 15), "202511": date(2026, 11, 16),
	"202601": date(2027, 1, 15), "202602": date(2027, 2, 15), "202603": date(2027, 3, 16), "202604": date(2027, 4, 15),
	"202605": date(2027, 5, 15), "202606": date(2027, 6, 15), "202607": date(2027, 7, 15),
	"202608": date(2027, 8, 15), "202609": date(2027, 9, 15), "202610": date(2027, 10, 15),
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// plainMetricType is the first version that names a metric by a plain string.
const plainMetricType = "202605"

func checkVersion(version string, now time.Time) error {
	if version == "" {
		return refuse(http.StatusBadRequest, "VERSION_MISSING",
			"A version must be present. Please specify a version by adding the LinkedIn-Version header.")
	}
	sunset, known := sunsets[version]
	if !known || !now.Before(sunset) {
		return inactiveVersion(version)
	}
	// A version becomes active around the middle of its month, never on the first.
	if month, err := time.Parse("200601", version); err != nil || now.Before(month.AddDate(0, 0, 14)) {
		return inactiveVersion(version)
	}
	return nil
}
