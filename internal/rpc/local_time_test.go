package rpc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

// A zone was only a label: 09:00+01:00 in America/New_York was taken in silence.
func TestALocalTimeAndItsZoneAreTakenAtTheirWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	id := w.Draft("On somebody's clocks").GetId()
	day := app.Now().Add(100 * 24 * time.Hour).UTC().Format(time.DateOnly)
	schedule := func(rest string) apptest.Answer {
		return w.Curl(w.Key, "PostService/SchedulePost", []byte(fmt.Sprintf(`{"id":%q,%s}`, id, rest)))
	}
	taken := schedule(fmt.Sprintf(`"localTime":"%sT09:00","timeZone":"Asia/Tokyo"`, day))
	require.Equal(t, 200, taken.Status, "%s", taken.Body)
	require.Contains(t, string(taken.Body), fmt.Sprintf(`"scheduledTime":"%sT00:00:00Z"`, day))
	require.Contains(t, string(taken.Body), fmt.Sprintf(`"scheduledLocalTime":"%sT09:00:00"`, day))

	for rest, says := range map[string]string{
		fmt.Sprintf(`"scheduledTime":"%sT09:00:00+01:00","timeZone":"Asia/Tokyo"`,
			day): "has the offset +01:00, and then it is +09:00 in Asia/Tokyo",
		fmt.Sprintf(`"scheduled_time":"%sT09:00:00-05:00","time_zone":"Asia/Tokyo"`, day):                      "has the offset -05:00",
		fmt.Sprintf(`"localTime":"%sT09:00","timeZone":"Asia/Tokyo","scheduledTime":"%sT09:00:00Z"`, day, day): "scheduledTime is another moment",
		fmt.Sprintf(`"localTime":"%sT09:00"`, day):                                                             "on whose clocks",
		`"localTime":"2020-01-01T09:00","timeZone":"Asia/Tokyo"`:                                               "must be in the future",
		`"timeZone":"tokyo"`: "such as Europe/Berlin: write Asia/Tokyo",
	} {
		refused := schedule(rest)
		require.Equal(t, 400, refused.Status, "%s: %s", rest, refused.Body)
		require.Contains(t, string(refused.Body), says, rest)
	}
	for _, rest := range []string{
		fmt.Sprintf(`"scheduledTime":"%sT09:00:00+09:00","timeZone":"Asia/Tokyo"`, day),
		fmt.Sprintf(`"scheduledTime":"%sT00:00:00Z","timeZone":"Asia/Tokyo"`, day),
		fmt.Sprintf(`"scheduledTime":"%sT00:00:00+00:00","timeZone":"Asia/Tokyo"`, day),
		fmt.Sprintf(`"scheduledTime":"%sT09:00:00+01:00"`, day),
		fmt.Sprintf(`"localTime":"%sT09:00:00","timeZone":"Asia/Tokyo","scheduledTime":"%sT00:00:00Z"`, day, day),
	} {
		require.Equal(t, 200, schedule(rest).Status, rest)
	}
}
