package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/telemetry"
)

// scrape returns every sample of our own gauges by name and labels.
func scrape(t *testing.T, metrics *telemetry.Metrics) map[string]float64 {
	t.Helper()
	answer := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code, answer.Body)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	require.NoError(t, err)
	samples := map[string]float64{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			key := name
			for _, l := range m.GetLabel() {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			if m.GetGauge() != nil && (strings.HasPrefix(name, "postwright_") || strings.HasPrefix(name, "db_")) {
				samples[key] = m.GetGauge().GetValue()
			}
		}
	}
	return samples
}

// clock is a time that a test moves.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time                  { return time.Unix(0, c.Load()) }
func (c *clock) pass(d time.Duration)            { c.Add(int64(d)) }
func startClock() *clock                         { c := &clock{}; c.pass(1_800_000_000 * time.Second); return c }
func logTo(b *bytes.Buffer) *slog.Logger         { return telemetry.NewLogger(b, slog.LevelInfo, false) }
func keysOf(samples map[string]float64) []string { return slices.Sorted(maps.Keys(samples)) }

// someFigures have one with a label and one without; read is told of every reading, and fails it.
func someFigures(read func(context.Context) error) []telemetry.Gauge {
	return []telemetry.Gauge{
		{
			Name: "postwright_late_seconds",
			Help: "How late.",
			Read: func(context.Context) (map[string]float64, error) { return telemetry.Single(90), nil },
		},
		{Name: "postwright_things", Help: "Things, by state.", Label: "state", Read: func(ctx context.Context) (map[string]float64, error) {
			return map[string]float64{"available": 3, "running": 0}, read(ctx)
		}},
	}
}

func nothing(context.Context) error { return nil }

func TestFiguresAreExported(t *testing.T) {
	t.Parallel()
	metrics := telemetry.NewMetrics()
	metrics.ExportGauges(someFigures(nothing), startClock().now, slog.New(slog.DiscardHandler))
	samples := scrape(t, metrics)
	for key, value := range map[string]float64{
		"postwright_late_seconds": 90, "postwright_things state=available": 3, "postwright_things state=running": 0,
	} {
		got, there := samples[key]
		require.True(t, there, "%s is among %v", key, keysOf(samples))
		require.InDelta(t, value, got, 1e-9, key)
	}
}

func TestHoweverOftenIsScrapedTheDatabaseIsReadOnceInFiveSeconds(t *testing.T) {
	t.Parallel()
	var reads atomic.Int64
	clock, metrics := startClock(), telemetry.NewMetrics()
	metrics.ExportGauges(someFigures(func(ctx context.Context) error {
		deadline, limited := ctx.Deadline()
		require.True(t, limited)
		require.LessOrEqual(t, time.Until(deadline), 2*time.Second)
		reads.Add(1)
		return nil
	}), clock.now, slog.New(slog.DiscardHandler))
	var scrapes sync.WaitGroup
	for range 20 {
		scrapes.Go(func() { scrape(t, metrics) })
	}
	scrapes.Wait()
	require.EqualValues(t, 1, reads.Load(), "at once")
	clock.pass(4999 * time.Millisecond)
	scrape(t, metrics)
	require.EqualValues(t, 1, reads.Load(), "soon after")
	clock.pass(time.Millisecond)
	scrape(t, metrics)
	require.EqualValues(t, 2, reads.Load(), "after five seconds")
}

func TestFiguresThatCannotBeReadAreAbsentNotOldAndNotZero(t *testing.T) {
	t.Parallel()
	var reads int
	var failure error
	var log bytes.Buffer
	clock, metrics := startClock(), telemetry.NewMetrics()
	metrics.ExportGauges(someFigures(func(context.Context) error { reads++; return failure }), clock.now, logTo(&log))
	figures := func() int {
		return len(slices.DeleteFunc(keysOf(scrape(t, metrics)), func(key string) bool { return strings.HasPrefix(key, "postwright_build_info") }))
	}
	require.Equal(t, 3, figures())
	failure = errors.New("the database is away")
	clock.pass(6 * time.Second)
	require.Zero(t, figures())
	require.Zero(t, figures())
	require.Equal(t, 2, reads, "a database that is away is not asked at every scrape either")
	require.Equal(t, 1, strings.Count(log.String(), "the database is away"))
	failure = nil
	clock.pass(6 * time.Second)
	require.Equal(t, 3, figures(), "and back")
}

func TestThePoolAndTheBuildAreExported(t *testing.T) {
	t.Parallel()
	metrics := telemetry.NewMetrics()
	metrics.ExportPool(func() telemetry.PoolState { return telemetry.PoolState{InUse: 20, Idle: 1, Waiting: 4} })
	samples := scrape(t, metrics)
	require.InDelta(t, 20, samples["db_pool_connections state=in_use"], 0)
	require.InDelta(t, 1, samples["db_pool_connections state=idle"], 0)
	require.InDelta(t, 4, samples["db_pool_waiting"], 0)
	build := telemetry.ReadBuild()
	require.InDelta(t, 1, samples["postwright_build_info goversion="+build.GoVersion+" revision="+build.Revision+" version="+build.Version], 0)
}
