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
	apiRetries  *prometheus.CounterVec
	apiInFlight *prometheus.GaugeVec
	apiBreaker  *prometheus.GaugeVec
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
			Name: "api_operation_duration_seconds", Help: "How long attempts to call vendors took, by vendor and operationId.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2.2, 12), // 5 ms to 30 s
		}, []string{"vendor", "operation"}),
		apiErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "api_operation_errors_total", Help: "Attempts to call vendors that failed: no usable answer, or a status of 400 and above.",
		}, []string{"vendor", "operation"}),
		apiRetries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "api_operation_retries_total", Help: "Attempts to call vendors after the first.",
		}, []string{"vendor", "operation"}),
		apiInFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "api_operations_in_flight", Help: "Attempts to call vendors that are under way.",
		}, []string{"vendor"}),
		apiBreaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "api_breaker_state", Help: "What a vendor host's breaker does with calls: 0 lets them through, 1 lets one through to see, 2 refuses them.",
		}, []string{"vendor", "host"}),
	}
	m.registry.MustRegister(m.dbDuration, m.dbErrors, m.dbRetries, m.apiDuration, m.apiErrors, m.apiRetries, m.apiInFlight, m.apiBreaker,
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

// API returns the measurements of calls to vendors, as the HTTP seam gives them.
func (m *Metrics) API() API { return API{m} }

// API counts what becomes of calls to vendors.
type API struct{ metrics *Metrics }

// Attempt counts one that has ended.
func (a API) Attempt(vendor, operation string, took time.Duration, failed bool) {
	a.metrics.apiDuration.WithLabelValues(vendor, operation).Observe(took.Seconds())
	if failed {
		a.metrics.apiErrors.WithLabelValues(vendor, operation).Inc()
	}
}

// Retry counts an attempt after the first.
func (a API) Retry(vendor, operation string) {
	a.metrics.apiRetries.WithLabelValues(vendor, operation).Inc()
}

// InFlight counts attempts that begin and end.
func (a API) InFlight(vendor string, change int) {
	a.metrics.apiInFlight.WithLabelValues(vendor).Add(float64(change))
}

// Breaker sets the state of a host's breaker, as a number that grows with how bad it is.
func (a API) Breaker(vendor, host string, state int) {
	a.metrics.apiBreaker.WithLabelValues(vendor, host).Set(float64(state))
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
