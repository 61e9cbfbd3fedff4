package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/testbed"
)

// worker is a process whose rounds allocate a number of objects each.
type worker struct {
	allocated int
	peak      uint64
	forgotten int
}

func (w *worker) Metrics(context.Context) (testbed.Metrics, error) {
	return testbed.ReadMetrics(strings.NewReader(fmt.Sprintf("# TYPE go_memstats_mallocs_total counter\ngo_memstats_mallocs_total %d\n", w.allocated)))
}

func (w *worker) Memory() (resident, peak uint64) { return 0, w.peak }

func (w *worker) ForgetPeak() error {
	w.forgotten++
	return nil
}

func TestSubjectsTakeTurns(t *testing.T) {
	t.Parallel()
	var order []string
	turn := func(name string) subject {
		return subject{name: name, run: func(_ context.Context, span time.Duration) (round, error) {
			order = append(order, name+" "+span.String())
			return round{calls: len(order), took: time.Second}, nil
		}}
	}
	measures, err := alternate(t.Context(), 3, 4*time.Second, turn("a"), turn("b"))
	require.NoError(t, err)
	require.Equal(t, []string{"a 1s", "b 1s", "b 4s", "a 4s", "a 4s", "b 4s", "b 4s", "a 4s"}, order, "the first round warms up")
	require.Equal(t, []float64{5, 6}, []float64{measures[0].perSecond(), measures[1].perSecond()}, "medians: of 4, 5, 8 and of 3, 6, 7")
	require.Equal(t, 17, measures[0].calls())
}

func TestAllocationsAndThePeakAreThoseOfTheRounds(t *testing.T) {
	t.Parallel()
	w := &worker{peak: 30 * mebibyte}
	calls := 0
	measures, err := alternate(t.Context(), 3, time.Second, subject{"s", w, func(context.Context, time.Duration) (round, error) {
		calls += 10 // 10 to warm up; then 20, 30 and 40
		w.allocated += 5 * calls
		w.peak += mebibyte
		return round{calls: calls, took: time.Second, latencies: []time.Duration{time.Duration(calls) * time.Millisecond}}, nil
	}})
	require.NoError(t, err)
	require.InDelta(t, 5, measures[0].mallocs, 1e-9)
	require.Equal(t, 3, w.forgotten)
	require.Equal(t, "| s | 90 | 30.0 | 30.0 | 30.0 | 5 | 34 |\n", measures[0].row())
}

func TestWhatNobodySawIsNotShown(t *testing.T) {
	t.Parallel()
	m := measure{name: "pgbench", rounds: []round{{calls: 300, took: 2 * time.Second}}}
	require.Equal(t, "| pgbench | 300 | 150 | – | – | – | – |\n", m.row())
}

func TestASubjectThatFailsIsNamed(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection refused")
	fails := func(after int) working {
		return func(context.Context, time.Duration) (round, error) {
			after--
			if after < 0 {
				return round{}, broken
			}
			return round{calls: 1, took: time.Second}, nil
		}
	}
	for after := range 3 {
		_, err := alternate(t.Context(), 2, time.Second, subject{"hers", nil, fails(9)}, subject{"his", nil, fails(after)})
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "his: ")
	}
	idle := func(context.Context, time.Duration) (round, error) { return round{took: time.Second}, nil }
	_, err := alternate(t.Context(), 1, time.Second, subject{"idle", &worker{peak: 1}, idle})
	require.ErrorContains(t, err, "idle: it did nothing")
}
