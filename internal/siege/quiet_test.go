package siege

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func samples(of time.Duration, count int) []time.Duration {
	list := make([]time.Duration, count)
	for i := range list {
		list[i] = of
	}
	return list
}

func TestWhatTheQuietOwnerNotices(t *testing.T) {
	t.Parallel()
	calm := func() seen {
		return seen{get: samples(2*time.Millisecond, 100), create: samples(5*time.Millisecond, 50), published: samples(200*time.Millisecond, 10)}
	}
	for _, c := range []struct {
		name   string
		spoil  func(calm, attacked *seen)
		broken []string
	}{
		{"nothing", func(_, _ *seen) {}, nil},
		{"less than anybody notices", func(_, a *seen) { a.get = samples(75*time.Millisecond, 100) }, nil},
		{"every read is slow", func(_, a *seen) { a.get = samples(2250*time.Millisecond, 100) }, []string{nameGet50, nameGet99}},
		{"one read in twenty is slow", func(_, a *seen) { a.get = append(a.get, samples(time.Second, 5)...) }, []string{nameGet99}},
		{"no slower than before on a slow machine", func(c, a *seen) {
			c.get, a.get = samples(100*time.Millisecond, 100), samples(400*time.Millisecond, 100)
		}, nil},
		{"writes are slow", func(_, a *seen) { a.create = samples(time.Second, 50) }, []string{nameCreate50, nameCreate99}},
		{"one post waits", func(_, a *seen) { a.published = append(a.published, 43*time.Second) }, []string{namePublishedWorst}},
		{"every post waits", func(_, a *seen) { a.published = samples(43*time.Second, 1) }, []string{namePublished50, namePublishedWorst}},
		{"an error", func(_, a *seen) { a.errors = []string{"unavailable"} }, []string{nameErrors}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before, during := calm(), calm()
			c.spoil(&before, &during)
			var broken []string
			for _, f := range compare(before, during) {
				if !f.kept() {
					broken = append(broken, f.Name)
				}
			}
			require.Equal(t, c.broken, broken)
		})
	}
}
