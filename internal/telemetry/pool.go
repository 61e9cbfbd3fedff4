package telemetry

import "github.com/prometheus/client_golang/prometheus"

// PoolState is how the connections of a database's pool are used at a moment.
type PoolState struct {
	InUse, Idle int
	// Waiting is how many operations have no connection yet: all are in use, or one is being made.
	Waiting int
}

// ExportPool exports the state of the database's pool, asked for at each scrape.
func (m *Metrics) ExportPool(state func() PoolState) {
	m.registry.MustRegister(poolCollector{
		state: state,
		connections: prometheus.NewDesc("db_pool_connections", "Connections to the database, by what they are: in_use or idle.",
			[]string{"state"}, nil),
		waiting: prometheus.NewDesc("db_pool_waiting", "Operations that wait for a connection to the database.", nil, nil),
	})
}

type poolCollector struct {
	state                func() PoolState
	connections, waiting *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c poolCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- c.connections
	descriptions <- c.waiting
}

// Collect implements prometheus.Collector.
func (c poolCollector) Collect(metrics chan<- prometheus.Metric) {
	now := c.state()
	metrics <- gauge(c.connections, float64(now.InUse), "in_use")
	metrics <- gauge(c.connections, float64(now.Idle), "idle")
	metrics <- gauge(c.waiting, float64(now.Waiting))
}

func gauge(of *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, labels...)
}
