package siege

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAReportShowsEveryFigure(t *testing.T) {
	t.Parallel()
	r := Result{verdict: verdict{Attacks: []string{"streams", "relay"}, Figures: figuresOfCalm(),
		Reached: []reached{{Attack: "streams", What: "streams open at once", Value: 1000, Least: 250}}}, took: 90 * time.Second}
	require.Equal(t, `2 attacks, 4 figures: passed in 1m30s.

| attack | what it reached | | at least |
|---|---|---:|---:|
| streams | streams open at once | 1000 | 250 |

| attack | figure | measured | at most | | |
|---|---|---:|---:|---|---|
| streams | errors of the quiet owner | 0 | 0 |  | kept |
| streams | GetPost p99 | 12.3 ms | 500 ms |  | kept |
| relay | GetPost p99 | 20 ms | 500 ms |  | kept |
| relay | SIGTERM to exit | 1.2 s | 30 s |  | kept |
`, r.report())
	require.Empty(t, r.Findings())
}

func TestAReportOfAFailedRunSaysSo(t *testing.T) {
	t.Parallel()
	r := Result{verdict: verdict{Attacks: []string{"streams"}, Figures: figuresOfCalm(), Missed: []string{"streams: none was open"}}}
	r.verdict.Figures[0].Value = 2
	require.Contains(t, r.report(), "1 attacks, 4 figures: FAILED, 1 figures broken, 1 things missed in 0s.\n")
	require.Contains(t, r.report(), "\nMissed: streams: none was open.\n")
	require.Equal(t, []string{"broken: streams: errors of the quiet owner: 2, at most 0", "missed: streams: none was open"}, r.Findings())
}
