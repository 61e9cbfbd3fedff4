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
	apiDuration *prometheus.HistogramVec
	apiErrors   *prometheus.CounterVec
	rpcCalls    *prometheus.CounterVec
	rpcDuration *prometheus.HistogramVec
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
		apiDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "api_operation_duration_seconds", Help: "How long calls to vendors took, by vendor and operationId.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2.2, 12), // 5 ms to 30 s
		}, []string{"vendor", "operation"}),
		apiErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "api_operation_errors_total", Help: "Calls to vendors that failed: no usable answer, or a status of 400 and above.",
		}, []string{"vendor", "operation"}),
		rpcCalls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rpc_calls_total", Help: "Calls of the API that ended, by procedure and code; ok is one.",
		}, []string{"procedure", "code"}),
		rpcDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rpc_call_duration_seconds", Help: "How long calls of the API took, by procedure; a stream lasts until it ends.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.6, 12), // 1 ms to 37 s; a call that is no stream ends within 45 s
		}, []string{"procedure"}),
	}
	build := ReadBuild()
	buildInfo := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "postwright_build_info", Help: "1; the labels say what is running.",
		ConstLabels: prometheus.Labels{"version": build.Version, "revision": build.Revision, "goversion": build.GoVersion},
	})
	buildInfo.Set(1)
	m.registry.MustRegister(m.dbDuration, m.dbErrors, m.apiDuration, m.apiErrors, m.rpcCalls, m.rpcDuration, buildInfo,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// ObserveDB counts a database operation.
func (m *Metrics) ObserveDB(operation string, took time.Duration, failed bool) {
	m.dbDuration.WithLabelValues(operation).Observe(took.Seconds())
	errors := m.dbErrors.WithLabelValues(operation) // there from the first operation on: a rate needs a 0 to start from
	if failed {
		errors.Inc()
	}
}

// ObserveAPI counts a call to a vendor.
func (m *Metrics) ObserveAPI(vendor, operation string, took time.Duration, failed bool) {
	m.apiDuration.WithLabelValues(vendor, operation).Observe(took.Seconds())
	errors := m.apiErrors.WithLabelValues(vendor, operation)
	if failed {
		errors.Inc()
	}
}

// ObserveCall counts a call of the API. code is "ok" or the name of connect's code.
func (m *Metrics) ObserveCall(procedure, code string, took time.Duration) {
	m.rpcCalls.WithLabelValues(procedure, code).Inc()
	m.rpcDuration.WithLabelValues(procedure).Observe(took.Seconds())
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
