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
		return seen{get: samples(2*time.Millisecond, 100), create: samples(5*time.Millisecond, 50), published: samples(200*time.Millisecond, 10),
			probed: samples(5*time.Millisecond, 4)}
	}
	for _, c := range []struct {
		name   string
		spoil  func(calm, attacked, beside *seen)
		broken []string
	}{
		{"nothing", func(_, _, _ *seen) {}, nil},
		{"less than anybody notices", func(_, a, _ *seen) { a.get = samples(35*time.Millisecond, 100) }, nil},
		{"every read waits for wrong keys to be looked up", func(c, a, _ *seen) {
			c.get, a.get = samples(5*time.Millisecond, 100), samples(85*time.Millisecond, 100)
		}, []string{nameGet50}},
		{"every read waits for streams to be looked at", func(c, a, _ *seen) {
			c.get, a.get = samples(3*time.Millisecond, 100), samples(2250*time.Millisecond, 100)
		}, []string{nameGet50, nameGet99}},
		{"every read is slow on the bystander as well, by the machine", func(_, a, b *seen) {
			a.get, b.get = samples(85*time.Millisecond, 100), samples(60*time.Millisecond, 100)
		}, nil},
		{"every read is far slower than on the bystander of an overloaded machine", func(_, a, b *seen) {
			a.get, b.get = samples(400*time.Millisecond, 100), samples(11*time.Millisecond, 100)
		}, []string{nameGet50}},
		{"every read is slow, and the bystander's a little", func(_, a, b *seen) {
			a.get, b.get = samples(85*time.Millisecond, 100), samples(8*time.Millisecond, 100)
		}, []string{nameGet50}},
		{"one read in twenty is slow", func(_, a, _ *seen) { a.get = append(a.get, samples(time.Second, 5)...) }, []string{nameGet99}},
		{"no slower than before on a slow machine", func(c, a, _ *seen) {
			c.get, a.get = samples(100*time.Millisecond, 100), samples(400*time.Millisecond, 100)
		}, nil},
		{"writes are slow", func(_, a, _ *seen) { a.create = samples(time.Second, 50) }, []string{nameCreate50, nameCreate99}},
		{"one post waits", func(_, a, _ *seen) { a.published = append(a.published, 43*time.Second) }, []string{namePublishedWorst}},
		{"every post waits", func(_, a, _ *seen) { a.published = samples(43*time.Second, 5) }, []string{namePublished50, namePublishedWorst}},
		{"an error", func(_, a, _ *seen) { a.errors = []string{"unavailable"} }, []string{nameErrors}},
		{"a page that is not served", func(_, a, _ *seen) { a.unserved = []string{"/metrics: 503 Service Unavailable"} }, []string{nameUnserved}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before, during, beside := calm(), calm(), calm()
			c.spoil(&before, &during, &beside)
			var broken []string
			figures, missed := compare(before, during, beside)
			require.Empty(t, missed)
			for _, f := range figures {
				if !f.kept() {
					broken = append(broken, f.Name)
				}
			}
			require.Equal(t, c.broken, broken)
		})
	}
}

func TestFewCallsOfTheQuietOwnerSayNothing(t *testing.T) {
	t.Parallel()
	enough := func() seen {
		return seen{get: samples(time.Millisecond, enoughGets), create: samples(time.Millisecond, enoughCreates),
			published: samples(time.Millisecond, enoughPublished), probed: samples(time.Millisecond, enoughProbes)}
	}
	for _, c := range []struct {
		name, missed string
		spoil        func(s *seen)
	}{
		{"no reads", "GetPost: 0 calls say nothing, 15 would", func(s *seen) { s.get = nil }},
		{"one read too few", "GetPost: 14 calls say nothing, 15 would", func(s *seen) { s.get = s.get[1:] }},
		{"no drafts", "CreatePost: 0 calls say nothing, 4 would", func(s *seen) { s.create = nil }},
		{"nothing published", "PublishPost: 0 calls say nothing, 3 would", func(s *seen) { s.published = nil }},
		{"nobody watches", "/metrics and /readyz: 0 calls say nothing, 2 would", func(s *seen) { s.probed = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.True(t, enough().enough())
			_, missed := compare(enough(), enough(), enough())
			require.Empty(t, missed)
			few := enough()
			c.spoil(&few)
			require.False(t, few.enough())
			_, missed = compare(enough(), few, enough())
			require.Equal(t, []string{c.missed}, missed)
		})
	}
}

func TestAnAttackThatDoesNotGetFarIsMissed(t *testing.T) {
	t.Parallel()
	s := &stage{attack: attack{name: "streams"}}
	s.reach("streams open at once", 250, 250)
	require.Empty(t, s.missed)
	s.reach("streams open at once", 249, 250)
	require.Equal(t, []string{"streams: streams open at once: 249, and it takes 250"}, s.missed)
	require.Len(t, s.reached, 2)
}
