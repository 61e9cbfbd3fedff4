package siege

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func figuresOfCalm() []figure {
	return []figure{
		{Attack: "streams", Name: nameErrors},
		{Attack: "streams", Name: nameGet99, Value: 12.34, Most: 500, Unit: "ms"},
		{Attack: "relay", Name: nameGet99, Value: 20, Most: 500, Unit: "ms"},
		{Attack: "relay", Name: nameExit, Value: 1.25, Most: 30, Unit: "s"},
	}
}

func TestTheVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		spoil  func(v *verdict)
		passed bool
	}{
		{"everything is kept", func(*verdict) {}, true},
		{"a figure just at its limit is kept", func(v *verdict) { v.Figures[1].Value = 500 }, true},
		{"one figure is broken", func(v *verdict) { v.Figures[1].Value = 500.1 }, false},
		{"one error of the quiet owner", func(v *verdict) { v.Figures[0].Value = 1 }, false},
		{"something planned did not happen", func(v *verdict) { v.Missed = []string{"no stream was open"} }, false},
		{"nothing was measured", func(v *verdict) { v.Figures = nil }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := verdict{Attacks: []string{"streams", "relay"}, Figures: figuresOfCalm()}
			c.spoil(&v)
			require.Equal(t, c.passed, v.passed())
		})
	}
}

func TestTheLineHasTheWorstOfAllAttacks(t *testing.T) {
	t.Parallel()
	v := verdict{Attacks: []string{"streams", "relay"}, Figures: figuresOfCalm()}
	require.Equal(
		t,
		"siege: PASS attacks=2 figures=4 errors=0 unserved=0 get_p50_ms=0.0 get_p99_ms=20.0 create_p99_ms=0.0 published_worst_ms=0 memory_mib=0 "+
			"log_kib=0 "+
			"pool_in_use=0 exit_s=1.2 exit_code=0 broken=0 missed=0",
		v.line(),
	)
	v.Figures[0].Value, v.Missed = 3, []string{"a stream"}
	require.Contains(t, v.line(), "siege: FAIL attacks=2 figures=4 errors=3 unserved=0 ")
	require.Contains(t, v.line(), " broken=1 missed=1")
}

func TestAFigureIsTold(t *testing.T) {
	t.Parallel()
	f := figure{Attack: "streams", Name: nameGet50, Value: 2250.4, Most: 40, Unit: "ms", Note: "calm: 3 ms"}
	require.Equal(t, "streams: GetPost p50: 2250 ms, at most 40 ms (calm: 3 ms)", f.String())
	require.Equal(t, "| streams | GetPost p50 | 2250 ms | 40 ms | calm: 3 ms | **broken** |\n", f.row())
	require.Equal(t, "relay: exit code: 0, at most 0", figure{Attack: "relay", Name: nameExitCode}.String())
	require.Equal(t, "0.5 s", number(0.5, "s"))
}

func TestOfManyFiguresTheBrokenOnesAreKeptOrElseTheClosest(t *testing.T) {
	t.Parallel()
	of := func(name, note string, value float64) figure {
		return figure{Name: name, Note: note, Value: value, Most: 10}
	}
	require.Equal(
		t,
		[]figure{of("answer", "b", 11), of("answer", "c", 99), of("memory", "b", 9)},
		tightest(
			[]figure{of("answer", "a", 1), of("memory", "a", 2), of("answer", "b", 11), of("memory", "b", 9), of("answer", "c", 99), of("memory", "c", 3)},
		),
	)
	wide := figure{Name: "time", Note: "wide", Value: 20, Most: 100}
	require.Equal(t, []figure{of("time", "tight", 5)}, tightest([]figure{wide, of("time", "tight", 5)}), "closest is a ratio")
	require.Empty(t, tightest(nil))
}

func TestAProcessThatWasKilledIsAsBadAsOneThatFailed(t *testing.T) {
	t.Parallel()
	require.Zero(t, asFailure(0))
	require.InDelta(t, 1, asFailure(1), 0)
	require.InDelta(t, 255, asFailure(-1), 0)
}
