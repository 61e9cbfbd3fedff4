package siege

import (
	"errors"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// metrics are what a node tells of itself at a moment, by name.
type metrics map[string]*dto.MetricFamily

func readMetrics(from io.Reader) (metrics, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(from)
	if err != nil {
		return nil, fmt.Errorf("read /metrics: %w", err)
	}
	return families, nil
}

// poolInUse is how many connections of the database's pool are in use.
func (m metrics) poolInUse() (float64, error) {
	for _, metric := range m["db_pool_connections"].GetMetric() {
		if labelled(metric, "state", "in_use") {
			return metric.GetGauge().GetValue(), nil
		}
	}
	return 0, errors.New("/metrics lacks db_pool_connections{state=\"in_use\"}")
}

// queries is how many operations the database was asked for so far.
func (m metrics) queries() (count uint64) {
	for _, metric := range m["db_operation_duration_seconds"].GetMetric() {
		count += metric.GetHistogram().GetSampleCount()
	}
	return count
}

// leftAlone reports whether the breaker of one of a vendor's hosts refuses calls.
func (m metrics) leftAlone(vendor string) bool {
	const refuses = 2
	for _, metric := range m["api_breaker_state"].GetMetric() {
		if labelled(metric, "vendor", vendor) && metric.GetGauge().GetValue() == refuses {
			return true
		}
	}
	return false
}

func labelled(metric *dto.Metric, name, value string) bool {
	for _, label := range metric.GetLabel() {
		if label.GetName() == name && label.GetValue() == value {
			return true
		}
	}
	return false
}
