package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var result = Result{
	size: Size{Owners: 1_000, Posts: 1_000_000, Rounds: 3, Span: time.Second}, machine: "2 cores", loading: 100 * time.Second, took: 8 * time.Minute,
	outcomes: []outcome{
		{goal: more, value: 0.6, note: "6 against 10"}, {goal: more, value: 0.8}, {goal: less, value: 21}, {goal: less, unknown: "why"},
	},
	measures: []measure{{name: "ours", rounds: []round{{calls: 10, took: time.Second, latencies: []time.Duration{time.Millisecond}}}}},
}

func TestAReportShowsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	require.Equal(t, `1,000,000 posts of 1,000 owners, loaded by BatchCreatePosts in 1m40s (10000 posts a second); 3 rounds of 1s; all of it in 8m0s.

Machine: 2 cores.

| what | | at least | stretch | | |
|---|---:|---:|---:|---|---|
| More of it | 0.60 × | 0.50 × | 0.75 × | reached | 6 against 10 |
| More of it | 0.80 × | 0.50 × | 0.75 × | stretch |  |
| Less of it | 21.0 ms | 20.0 ms | 5.00 ms | **short** |  |
| Less of it | unknown | 20.0 ms | 5.00 ms | unknown | why |

| measured | calls | a second | p50, ms | p99, ms | allocations a call | peak memory, MiB |
|---|---:|---:|---:|---:|---:|---:|
| ours | 10 | 10.0 | 1.00 | 1.00 | – | – |
`, result.Report())
}

// What is written while a run goes on is all there is when it is cut off.
func TestAReportOfARunThatWasCutOffNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	cut := result
	cut.left = []string{"publish", "delete"}
	require.Contains(t, cut.Report(), "Machine: 2 cores.\n\nThe run got no further: it did not measure publish, delete.\n\n| what |")
	require.Contains(t, cut.Report(), "| More of it | 0.60 × |")
}

func TestARunEndsWithOneLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "bench: posts=1000000 goals=4 stretch=1 reached=1 short=1 unknown=1"+
		" more=0.60 more=0.80 less=21.0 less=unknown took_s=480", result.Line())
}

func TestThousandsAreSetApart(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 50_000: "50,000", 1_234_567: "1,234,567"} {
		require.Equal(t, want, thousands(n))
	}
}

// Every goal is measured by one experiment, and has a name of its own in the last line.
func TestEveryGoalHasAName(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, e := range experiments() {
		for _, g := range e.goals {
			require.NotEmpty(t, g.name)
			require.False(t, names[g.name], g.name)
			names[g.name] = true
			require.NotEqual(t, g.stretch, g.atLeast)
			require.Equal(t, g.less, g.stretch < g.atLeast, "%s: the stretch goes further", g.name)
		}
	}
	require.Len(t, names, 16)
}
