package linkedin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
			end, exact := linkedin.VersionEnds(c.version)
			require.Equal(t, c.exact, exact)
			if c.end == "" {
				require.True(t, end.IsZero())
				return
			}
			require.Equal(t, c.end, end.Format(time.DateOnly))
			require.Equal(t, time.UTC, end.Location())
		})
	}
}
