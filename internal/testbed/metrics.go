package testbed

import (
	"context"
	"fmt"
	"io"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metrics are what a process tells of itself at a moment, by name.
type Metrics map[string]*dto.MetricFamily

// ScrapeMetrics reads a page of metrics.
func ScrapeMetrics(ctx context.Context, url string) (Metrics, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	return ReadMetrics(res.Body)
}

// ReadMetrics reads metrics as Prometheus writes them.
func ReadMetrics(from io.Reader) (Metrics, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(from)
	if err != nil {
		return nil, fmt.Errorf("read /metrics: %w", err)
	}
	return families, nil
}

// Sum adds up the values of a counter or a gauge that have a label of a value, all of them where the label is ""; of a histogram,
// how many samples it has. A metric that nobody tells of is an error: it must not look like 0.
func (m Metrics) Sum(name, label, value string) (sum float64, err error) {
	there := false
	for _, metric := range m[name].GetMetric() {
		if label == "" || labelled(metric, label, value) {
			there = true
			sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	switch {
	case there:
		return sum, nil
	case label == "":
		return 0, fmt.Errorf("/metrics lacks %s", name)
	}
	return 0, fmt.Errorf("/metrics lacks %s{%s=%q}", name, label, value)
}

func labelled(metric *dto.Metric, name, value string) bool {
	for _, label := range metric.GetLabel() {
		if label.GetName() == name && label.GetValue() == value {
			return true
		}
	}
	return false
}
