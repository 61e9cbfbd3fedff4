package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postwright/postwright/internal/testbed"
)

// subject is something that is measured, beside others that it is compared with.
type subject struct {
	name string
	// process does the work; nil where that is PostgreSQL alone.
	process process
	run     working
}

// working works for one round, for so long if the clock is what ends it.
type working func(ctx context.Context, span time.Duration) (round, error)

// process is a program whose memory is measured.
type process interface {
	Metrics(ctx context.Context) (testbed.Metrics, error)
	Memory() (resident, peak uint64)
	ForgetPeak() error
}

// round is what a subject did in one round.
type round struct {
	calls     int
	took      time.Duration
	latencies []time.Duration // of single calls; none where nobody saw them
}

func (r round) perSecond() float64 { return float64(r.calls) / r.took.Seconds() }

// measure is what a subject came to.
type measure struct {
	name      string
	rounds    []round
	processed bool    // whether there was a process to look at
	mallocs   float64 // objects allocated by it per call
	peak      uint64  // the most memory that it held, in bytes
}

// perSecond is the median of the rounds.
func (m measure) perSecond() float64 {
	return median(m.rounds, round.perSecond)
}

// latency is the median of the rounds' percentiles; 0 where nobody saw single calls.
func (m measure) latency(p float64) time.Duration {
	return median(m.rounds, func(r round) time.Duration { return testbed.Percentile(r.latencies, p) })
}

func (m measure) calls() (n int) {
	for _, r := range m.rounds {
		n += r.calls
	}
	return n
}

// median is the middle value, the lower one of two.
func median[T any, V float64 | time.Duration](list []T, of func(T) V) V {
	var values []V
	for _, each := range list {
		values = append(values, of(each))
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// row is the measure in the second table.
func (m measure) row() string {
	allocated, peak, p50, p99 := "–", "–", "–", "–"
	if m.processed {
		allocated, peak = fmt.Sprintf("%.0f", m.mallocs), fmt.Sprintf("%.0f", float64(m.peak)/mebibyte)
	}
	if m.latency(50) > 0 {
		p50, p99 = number(milliseconds(m.latency(50)), ""), number(milliseconds(m.latency(99)), "")
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %s |\n", m.name, m.calls(), number(m.perSecond(), ""), p50, p99, allocated, peak)
}

const mebibyte = 1 << 20

// milliseconds is a duration as figures show it.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// alternate measures subjects in rounds: in each of them every subject once, and in every second round the other way about, so
// that what the machine does meanwhile hits all alike. A first round, which is shorter, warms up and is not counted.
func alternate(ctx context.Context, rounds int, span time.Duration, subjects ...subject) ([]measure, error) {
	measures := make([]measure, len(subjects))
	for n := range rounds + 1 {
		order := make([]int, len(subjects))
		for i := range order {
			order[i] = i
		}
		if n%2 == 1 {
			slices.Reverse(order)
		}
		for _, i := range order {
			m := &measures[i]
			var err error
			if n == 0 {
				*m = measure{name: subjects[i].name, processed: subjects[i].process != nil}
				_, err = subjects[i].run(ctx, span/warmUpPart)
			} else {
				err = m.measure(ctx, subjects[i], span)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", subjects[i].name, err)
			}
		}
	}
	return measures, nil
}

// warmUpPart is by how much the round to warm up with is shorter.
const warmUpPart = 4

// measure adds a round.
func (m *measure) measure(ctx context.Context, s subject, span time.Duration) error {
	if s.process == nil {
		r, err := s.run(ctx, span)
		m.rounds = append(m.rounds, r)
		return err
	}
	if err := s.process.ForgetPeak(); err != nil {
		return err
	}
	before, err := mallocs(ctx, s.process)
	if err != nil {
		return err
	}
	r, err := s.run(ctx, span)
	if err != nil {
		return err
	}
	after, err := mallocs(ctx, s.process)
	if err != nil {
		return err
	}
	_, peak := s.process.Memory()
	if r.calls == 0 || peak == 0 {
		return errors.New("it did nothing, or is gone")
	}
	already := float64(m.calls())
	m.mallocs = (m.mallocs*already + after - before) / (already + float64(r.calls))
	m.peak = max(m.peak, peak)
	m.rounds = append(m.rounds, r)
	return nil
}

// mallocs is how many objects a process has allocated so far.
func mallocs(ctx context.Context, p process) (float64, error) {
	metrics, err := p.Metrics(ctx)
	if err != nil {
		return 0, err
	}
	return metrics.Sum("go_memstats_mallocs_total", "", "")
}
