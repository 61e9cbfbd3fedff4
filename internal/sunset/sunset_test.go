package sunset

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestWhenAVersionEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version string
		end     string // "" for unknown
		exact   bool
	}{
		"announced":                 {"202607", "2027-07-15", true},
		"announced for another day": {"202603", "2027-03-16", true},
		"over":                      {"202511", "2026-11-16", true},
		"not announced yet":         {"202609", "2027-09-15", false},
		"years ahead":               {"203001", "2031-01-15", false},
		"from before the table":     {"202402", "2025-02-15", false},
		"no December":               {"202612", "", false},
		"no month":                  {"202613", "", false},
		"no version":                {"latest", "", false},
		"nothing":                   {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ending := Of(c.version)
			end := ending.Ends
			require.Equal(t, c.exact, ending.Exact)
			if c.end == "" {
				require.True(t, end.IsZero())
				return
			}
			require.Equal(t, c.end, end.Format(time.DateOnly))
			require.Equal(t, time.UTC, end.Location())
		})
	}
}

// The warnings of a version's end, each in its time: the latest that is due.
func TestWhichWarningOfAVersionsEndIsDue(t *testing.T) {
	t.Parallel()
	ends := time.Date(2027, time.January, 15, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		left time.Duration
		dead bool
		days int32
		due  bool
	}{
		{61 * 24 * time.Hour, false, 0, false},
		{60*24*time.Hour + time.Second, false, 0, false},
		{60 * 24 * time.Hour, false, 60, true},
		{31 * 24 * time.Hour, false, 60, true},
		{30 * 24 * time.Hour, false, 30, true},
		{8 * 24 * time.Hour, false, 14, true},
		{24 * time.Hour, false, 1, true},
		{-24 * time.Hour, false, 1, true},
		{200 * 24 * time.Hour, true, 0, true},
	} {
		days, due := dueWarning(Ending{Ends: ends, Dead: c.dead}, ends.Add(-c.left))
		require.Equal(t, c.due, due, c.left)
		require.Equal(t, c.days, days, c.left)
	}
}

// The two tables are written apart, so that one can't hide the other's mistake.
func TestAVersionEndsWhenTheSandboxStopsServingIt(t *testing.T) {
	t.Parallel()
	ada := sandbox.Member{ID: "ada", Token: "token-of-ada", Scopes: []string{"w_member_social"}}
	share, err := linkedin.ParseURN("urn:li:share:1")
	require.NoError(t, err)
	for _, version := range []string{"202510", "202511", "202601", "202602", "202603", "202604", "202605", "202606", "202607", "202608", "202609",
		"202610"} {
		end := Of(version).Ends
		for _, c := range []struct {
			at     time.Time
			served bool
		}{{end.Add(-time.Second), true}, {end, false}} {
			box := sandbox.New(sandbox.Options{Clock: func() time.Time { return c.at }, Log: slog.New(slog.DiscardHandler), Members: []sandbox.Member{ada}})
			server := httptest.NewServer(box.Handler())
			t.Cleanup(server.Close)
			client, err := linkedin.New(
				linkedin.Config{APIURL: server.URL, AuthURL: server.URL, Version: version},
				answertest.Seam(t, linkedin.Vendor, time.Minute),
				time.Now,
			)
			require.NoError(t, err)
			err = client.DeletePost(t.Context(), ada.Token, share)
			if c.served {
				require.NoError(t, err, version)
				continue
			}
			require.Equal(t, linkedin.ReasonVersionExpired, fault.Of(err).Reason, version)
		}
	}
}

// However often somebody checks, LinkedIn is asked once in six hours; what it could not tell is asked again.
func TestLinkedInIsNotAskedAtEveryCheck(t *testing.T) {
	t.Parallel()
	clock, asked, word := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 0, Unknown
	probe := Probe(func(context.Context) Support { asked++; return word }).Cached(func() time.Time { return clock })
	check := func() { require.Equal(t, word, probe(t.Context())) }
	check()
	check()
	require.Equal(t, 2, asked, "it did not know")
	word = Unsupported
	for range 5 {
		check()
		clock = clock.Add(time.Hour)
	}
	require.Equal(t, 3, asked)
	clock = clock.Add(time.Hour)
	check()
	require.Equal(t, 4, asked)
}

func TestTheDaysThatAVersionLastsYetAreAFigure(t *testing.T) {
	t.Parallel()
	var now time.Time
	figure := Of("202607").Gauges(func() time.Time { return now })[0]
	left := func(at time.Time) float64 {
		now = at
		samples, err := figure.Read(t.Context())
		require.NoError(t, err)
		require.Len(t, samples, 1)
		return samples["202607"]
	}
	ends := time.Date(2027, time.July, 15, 0, 0, 0, 0, time.UTC)
	require.InDelta(t, 1.5, left(ends.Add(-36*time.Hour)), 1e-9)
	require.InDelta(t, -0.5, left(ends.Add(12*time.Hour)), 1e-9, "it is over")
	require.Empty(t, Of("latest").Gauges(time.Now), "nobody knows")
}
