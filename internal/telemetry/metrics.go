// Package telemetry is what an operator sees: logs, metrics, traces and health.
//
// It owns the names of what is counted as it happens: calls, statements, requests to vendors, reads of the cache, answers of
// engines, messages, attempts at webhooks. Those of gauges that are read at a scrape come from whoever owns what they tell. It must
// not know what is measured beyond its name.
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
	registry                *prometheus.Registry
	dbDuration              *prometheus.HistogramVec
	dbErrors                *prometheus.CounterVec
	dbRetries               *prometheus.CounterVec
	apiDuration             *prometheus.HistogramVec
	apiErrors               *prometheus.CounterVec
	apiRetries              *prometheus.CounterVec
	apiInFlight             *prometheus.GaugeVec
	apiBreaker              *prometheus.GaugeVec
	apiLookups              *prometheus.CounterVec
	rpcCalls                *prometheus.CounterVec
	rpcDuration             *prometheus.HistogramVec
	rpcStreams              prometheus.Gauge
	rpcRefused              *prometheus.CounterVec
	connections             prometheus.Gauge
	connsClosed, connsReset prometheus.Counter

	analysisAnswers    *prometheus.CounterVec
	analysisPassedOver *prometheus.CounterVec
	notifications      *prometheus.CounterVec
	llmTokens          *prometheus.CounterVec
	llmCost            *prometheus.CounterVec
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
			Name: "api_breaker_state",
			Help: "What a vendor host's breaker does with calls: 0 lets them through, 1 lets one through to see, 2 refuses them.",
		}, []string{"vendor", "host"}),
		apiLookups: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "api_host_lookups_total",
			Help: "Needs for the addresses of a vendor's host, by what became of them: kept ones (hit), the resolver was waited for (miss), it had none " +
				"(failed).",
		}, []string{"result"}),
		rpcCalls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rpc_calls_total", Help: "Calls of the API that ended, by procedure and code; ok is one.",
		}, []string{"procedure", "code"}),
		rpcDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rpc_call_duration_seconds", Help: "How long calls of the API took, by procedure; a stream lasts until it ends.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.6, 12), // 1 ms to 37 s; a call that is no stream ends within 45 s
		}, []string{"procedure"}),
		rpcStreams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rpc_streams_open", Help: "Streams that follow posts and are open.",
		}),
		rpcRefused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rpc_refused_total", Help: "Calls that a limit of ours refused, by its reason.",
		}, []string{"reason"}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_connections_open", Help: "Connections of clients that are open.",
		}),
		connsClosed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "http_connections_refused_total", Help: "Connections of clients that were closed because as many as may be were open.",
		}),
		connsReset: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "http_connections_reset_total", Help: "Connections that were closed because their client took back too many calls.",
		}),
		analysisAnswers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "analysis_answers_total", Help: "Answers of analysis engines, by engine and operation: sentiment, hashtags or optimization.",
		}, []string{"engine", "operation"}),
		analysisPassedOver: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "analysis_engine_failures_total",
			Help: "Questions that an analysis engine did not answer, by its kind of failure; the next engine in the order was asked then.",
		}, []string{"engine", "operation", "kind"}),
		notifications: newNotifications(),
		llmTokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "analysis_llm_tokens_total",
			Help: "Tokens of questions to the language model (input) and of its answers (output), those that could not be used too.",
		}, []string{"operation", "direction"}),
		llmCost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "analysis_llm_cost_total",
			Help: "What the language model's tokens cost, in the currency of the configured prices.",
		}, []string{"operation"}),
	}
	for _, operation := range []string{"sentiment", "hashtags", "optimization"} { // there from the start, as those below
		m.llmTokens.WithLabelValues(operation, "input")
		m.llmTokens.WithLabelValues(operation, "output")
		m.llmCost.WithLabelValues(operation)
	}
	for _, result := range []string{"hit", "miss", "failed"} { // there from the start: a rate needs a 0 to start from
		m.apiLookups.WithLabelValues(result)
	}
	build := ReadBuild()
	buildInfo := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "postwright_build_info", Help: "1; the labels say what is running.",
		ConstLabels: prometheus.Labels{"version": build.Version, "revision": build.Revision, "goversion": build.GoVersion},
	})
	buildInfo.Set(1)
	m.registry.MustRegister(m.dbDuration, m.dbErrors, m.dbRetries, m.apiDuration, m.apiErrors, m.apiRetries, m.apiInFlight, m.apiBreaker, m.apiLookups,
		m.rpcCalls, m.rpcDuration, m.rpcStreams, m.rpcRefused, m.connections, m.connsClosed, m.connsReset, m.analysisAnswers, m.analysisPassedOver,
		m.llmTokens, m.llmCost, m.notifications,
		buildInfo,
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
	errors := d.metrics.dbErrors.WithLabelValues(name) // there from the first operation on: a rate needs a 0 to start from
	d.metrics.dbRetries.WithLabelValues(name)
	if failed {
		errors.Inc()
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
	errors := a.metrics.apiErrors.WithLabelValues(vendor, operation)
	a.metrics.apiRetries.WithLabelValues(vendor, operation)
	if failed {
		errors.Inc()
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

// Lookup counts what became of a need for a host's addresses.
func (a API) Lookup(outcome string) { a.metrics.apiLookups.WithLabelValues(outcome).Inc() }

// Analysis returns the measurements of analysis engines, as the use case gives them.
func (m *Metrics) Analysis() Analysis { return Analysis{m} }

// Analysis counts what becomes of questions to analysis engines.
type Analysis struct{ metrics *Metrics }

// Answered counts an answer.
func (a Analysis) Answered(engine, operation string) {
	a.metrics.analysisAnswers.WithLabelValues(engine, operation).Inc()
	for _, kind := range []string{"precondition", "rate limited", "vendor auth", "vendor rejected", "vendor unavailable"} {
		a.metrics.analysisPassedOver.WithLabelValues(engine, operation, kind) // there from the first answer on: a rate needs a 0 to start from
	}
}

// PassedOver counts a question that was not answered.
func (a Analysis) PassedOver(engine, operation, kind string) {
	a.metrics.analysisPassedOver.WithLabelValues(engine, operation, kind).Inc()
}

// Spent counts what a question to the language model took.
func (a Analysis) Spent(operation string, inputTokens, outputTokens int, cost float64) {
	a.metrics.llmTokens.WithLabelValues(operation, "input").Add(float64(inputTokens))
	a.metrics.llmTokens.WithLabelValues(operation, "output").Add(float64(outputTokens))
	a.metrics.llmCost.WithLabelValues(operation).Add(cost)
}

// ObserveCall counts a call of the API. code is "ok" or the name of connect's code.
func (m *Metrics) ObserveCall(procedure, code string, took time.Duration) {
	m.rpcCalls.WithLabelValues(procedure, code).Inc()
	m.rpcDuration.WithLabelValues(procedure).Observe(took.Seconds())
}

// ObserveStreams counts the API's streams that open and end.
func (m *Metrics) ObserveStreams(change int) { m.rpcStreams.Add(float64(change)) }

// ObserveConnections counts clients' connections that open and end.
func (m *Metrics) ObserveConnections(change int) { m.connections.Add(float64(change)) }

// RefusedConnection counts a client's connection that was closed because too many were open.
func (m *Metrics) RefusedConnection() { m.connsClosed.Inc() }

// ResetConnection counts a client's connection that was closed because too many calls were taken back on it.
func (m *Metrics) ResetConnection() { m.connsReset.Inc() }

// RefusedCall counts a call that a limit refused.
func (m *Metrics) RefusedCall(reason string) { m.rpcRefused.WithLabelValues(reason).Inc() }

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return newScrapes(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
}
