package bench

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	more = goal{name: "more", what: "More of it", unit: "×", atLeast: 0.5, stretch: 0.75}
	less = goal{name: "less", what: "Less of it", unit: "ms", atLeast: 20, stretch: 5, less: true}
)

func TestAValueIsComparedWithItsGoals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		goal  goal
		value float64
		want  verdict
	}{
		{more, 0.49, short}, {more, 0.5, kept}, {more, 0.74, kept}, {more, 0.75, stretched}, {more, 2, stretched},
		{less, 20.1, short}, {less, 20, kept}, {less, 5.1, kept}, {less, 5, stretched}, {less, 0, stretched},
	} {
		require.Equal(t, c.want, outcome{goal: c.goal, value: c.value}.verdict(), "%s %v", c.goal.name, c.value)
	}
}

// What was not measured must never look like a number, however good 0 would be.
func TestWhatIsUnknownIsNoValue(t *testing.T) {
	t.Parallel()
	o := outcome{goal: less, unknown: "it has no cache"}
	require.Equal(t, unknown, o.verdict())
	require.Equal(t, "| Less of it | unknown | 20.0 ms | 5.00 ms | unknown | it has no cache |\n", o.row())
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{0: "0", 0.004: "0.00", 0.1234: "0.12", 1.999: "2.00", 12.34: "12.3", 123.4: "123", 123456: "123456"} {
		require.Equal(t, want, number(value, ""))
	}
	require.Equal(t, "1.50 ×", number(1.5, "×"))
}

func TestNothingIsNoReference(t *testing.T) {
	t.Parallel()
	times, err := ratio(3, 2)
	require.NoError(t, err)
	require.InDelta(t, 1.5, times, 0)
	_, err = ratio(3, 0)
	require.ErrorIs(t, err, errNothing)
}

func TestWhatAnExperimentDoesNotTellIsUnknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"it failed":      {errors.New("pgbench:\n| not found"), "pgbench:; / not found"},
		"it is mistaken": {nil, "the experiment does not tell"},
	} {
		s := &stage{}
		s.perform(t.Context(), experiment{name: "try", goals: []goal{more, less}, do: func(_ context.Context, s *stage) error {
			s.reach(more, 0.6, "%d against %d", 6, 10)
			return c.err
		}})
		require.Equal(t, []outcome{
			{goal: more, value: 0.6, note: "6 against 10"}, {goal: less, unknown: c.want},
		}, s.outcomes, name)
	}
}
