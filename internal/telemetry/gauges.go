package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Gauge is a gauge whose samples are read when somebody scrapes. Whoever owns what is counted makes it.
type Gauge struct {
	Name, Help string
	// Label tells the samples apart; "" for a gauge that has one.
	Label string
	// Read returns the samples by the label's value; the one of a gauge without a label by "", as Single makes it.
	Read func(context.Context) (map[string]float64, error)
}

// Single is the sample of a gauge that has one.
func Single(value float64) map[string]float64 { return map[string]float64{"": value} }

const (
	// gaugesTTL is how long samples are good for: scrapes within it read nothing.
	gaugesTTL = 5 * time.Second
	// gaugesTimeout bounds the reading; Prometheus gives a whole scrape 10 s.
	gaugesTimeout = 2 * time.Second
)

// ExportGauges exports gauges that are read when somebody scrapes: by one scrape at a time, and not again within five seconds.
// When one can't be read, all are absent, not old and not zero: half of them would look like calm.
func (m *Metrics) ExportGauges(gauges []Gauge, now func() time.Time, log *slog.Logger) {
	c := &gaugesCollector{gauges: gauges, now: now, log: log}
	for _, f := range gauges {
		var labels []string
		if f.Label != "" {
			labels = []string{f.Label}
		}
		c.descriptions = append(c.descriptions, prometheus.NewDesc(f.Name, f.Help, labels, nil))
	}
	m.registry.MustRegister(c)
}

type gaugesCollector struct {
	gauges       []Gauge
	descriptions []*prometheus.Desc // in the order of gauges
	now          func() time.Time
	log          *slog.Logger

	mu      sync.Mutex // held while reading, so that one does
	readAt  time.Time
	samples []prometheus.Metric // none when one could not be read
}

// Describe implements prometheus.Collector.
func (c *gaugesCollector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range c.descriptions {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (c *gaugesCollector) Collect(metrics chan<- prometheus.Metric) {
	for _, sample := range c.current() {
		metrics <- sample
	}
}

func (c *gaugesCollector) current() []prometheus.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := c.now().Sub(c.readAt); age >= 0 && age < gaugesTTL {
		return c.samples
	}
	ctx, cancel := context.WithTimeout(context.Background(), gaugesTimeout) // a scrape brings no context
	defer cancel()
	samples, err := c.read(ctx)
	c.readAt, c.samples = c.now(), samples
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "the figures for /metrics can't be read", slog.Any("error", err))
	}
	return c.samples
}

func (c *gaugesCollector) read(ctx context.Context) (all []prometheus.Metric, err error) {
	for i, f := range c.gauges {
		samples, err := f.Read(ctx)
		if err != nil {
			return nil, err
		}
		for label, value := range samples {
			if f.Label == "" {
				all = append(all, gauge(c.descriptions[i], value))
			} else {
				all = append(all, gauge(c.descriptions[i], value, label))
			}
		}
	}
	return all, nil
}

// Days is a time in days of 24 hours.
func Days(d time.Duration) float64 { return d.Hours() / 24 }
