package publishing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestZonesAreThoseOfIANA(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{
		"", "UTC", "Europe/Berlin", "America/Port-au-Prince", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "EST5EDT", "GB-Eire", "Africa/Dar_es_Salaam",
	} {
		require.NoError(t, ScheduleInput{Zone: zone}.Validate(), zone)
	}
	for _, zone := range []string{
		"Local", "localtime", "posixrules", "right/UTC", "posix/Europe/Berlin", "Factory", "leapseconds", "tzdata.zi", "../etc/passwd", "/Europe/Berlin",
		"europe/berlin", "Europe/Berlin ", "Berlin", "+01:00", "Europe",
	} {
		require.ErrorContains(t, ScheduleInput{Zone: zone}.Validate(), "IANA zone", zone)
	}
}
