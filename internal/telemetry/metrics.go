// Package telemetry is what an operator sees: logs, metrics, health. It owns the names under which things are measured.
// It must not know what is measured beyond its name.
package telemetry

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are Postwright's own, beside those of the Go runtime and the process. It is safe for concurrent use.
type Metrics struct {
	registry    *prometheus.Registry
	dbDuration  *prometheus.HistogramVec
	dbErrors    *prometheus.CounterVec
	dbRetries   *prometheus.CounterVec
	apiDuration *prometheus.HistogramVec
	apiErrors   *prometheus.CounterVec
}

// NewMetrics returns metrics in a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		dbDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "db_operation_duration_seconds", Help: "How long database operations took, by the name of the query.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 13), // 0.5 ms to 30 s
		}, []string{"operation"}),
		dbErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "db_operation_errors_total", Help: "Database operations that failed, by the name of the query.",
		}, []string{"operation"}),
		dbRetries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "db_operation_retries_total", Help: "Repeats of database operations, and of whole transactions, by the name of the query.",
		}, []string{"operation"}),
		apiDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "api_operation_duration_seconds", Help: "How long calls to vendors took, by vendor and operationId.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2.2, 12), // 5 ms to 30 s
		}, []string{"vendor", "operation"}),
		apiErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "api_operation_errors_total", Help: "Calls to vendors that failed: no usable answer, or a status of 400 and above.",
		}, []string{"vendor", "operation"}),
	}
	m.registry.MustRegister(m.dbDuration, m.dbErrors, m.dbRetries, m.apiDuration, m.apiErrors,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// DB returns the measurements of database operations, as the SQL seam gives them.
func (m *Metrics) DB() DB { return DB{m} }

// DB counts what becomes of database operations.
type DB struct{ metrics *Metrics }

// Operation counts one that has ended.
func (d DB) Operation(name string, took time.Duration, failed bool) {
	d.metrics.dbDuration.WithLabelValues(name).Observe(took.Seconds())
	if failed {
		d.metrics.dbErrors.WithLabelValues(name).Inc()
	}
}

// Retry counts a repeat.
func (d DB) Retry(name string) { d.metrics.dbRetries.WithLabelValues(name).Inc() }

// ObserveAPI counts a call to a vendor.
func (m *Metrics) ObserveAPI(vendor, operation string, took time.Duration, failed bool) {
	m.apiDuration.WithLabelValues(vendor, operation).Observe(took.Seconds())
	if failed {
		m.apiErrors.WithLabelValues(vendor, operation).Inc()
	}
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
