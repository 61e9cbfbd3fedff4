package telemetry

import "github.com/prometheus/client_golang/prometheus"

// CacheState is what is kept of rows that are read often, and what became of their reads since the start.
type CacheState struct {
	Kinds     []CacheCounts
	Evictions uint64
	Entries   int
	Bytes     uint64
	// Hears says that changes are heard, and Shares that a Redis is used.
	Hears, Shares bool
}

// CacheCounts are the reads of one kind of rows.
type CacheCounts struct {
	Kind                                  string
	Hits, Misses, Shared, Loads, Bypasses uint64
}

// ExportCache exports the state of the cache, asked for at each scrape.
func (m *Metrics) ExportCache(state func() CacheState) {
	of := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	m.registry.MustRegister(cacheCollector{
		state:     state,
		hits:      of("cache_hits_total", "Reads of rows that were kept in this process.", "kind"),
		misses:    of("cache_misses_total", "Reads of rows that were not kept in this process.", "kind"),
		shared:    of("cache_shared_hits_total", "Rows that were not kept in this process and were taken from Redis.", "kind"),
		loads:     of("cache_loads_total", "Rows that were read from the database to be kept.", "kind"),
		bypasses:  of("cache_bypasses_total", "Reads that went to the database because changes were not heard.", "kind"),
		evictions: of("cache_evictions_total", "Rows that were dropped for want of room or because their life had ended."),
		entries:   of("cache_entries", "Rows that are kept in this process."),
		bytes:     of("cache_bytes", "Memory of the rows that are kept in this process, about."),
		hears:     of("cache_hears_changes", "1 while changes in the database are heard; nothing is kept while they aren't."),
		shares:    of("cache_redis_used", "1 while rows are shared in a Redis."),
	})
}

type cacheCollector struct {
	state                                                                           func() CacheState
	hits, misses, shared, loads, bypasses, evictions, entries, bytes, hears, shares *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c cacheCollector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.hits, c.misses, c.shared, c.loads, c.bypasses, c.evictions, c.entries, c.bytes, c.hears, c.shares,
	} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (c cacheCollector) Collect(metrics chan<- prometheus.Metric) {
	now := c.state()
	for _, kind := range now.Kinds {
		metrics <- counter(c.hits, kind.Hits, kind.Kind)
		metrics <- counter(c.misses, kind.Misses, kind.Kind)
		metrics <- counter(c.loads, kind.Loads, kind.Kind)
		metrics <- counter(c.bypasses, kind.Bypasses, kind.Kind)
		metrics <- counter(c.shared, kind.Shared, kind.Kind)
	}
	metrics <- counter(c.evictions, now.Evictions)
	metrics <- gauge(c.entries, float64(now.Entries))
	metrics <- gauge(c.bytes, float64(now.Bytes))
	metrics <- gauge(c.hears, truth(now.Hears))
	metrics <- gauge(c.shares, truth(now.Shares))
}

func counter(of *prometheus.Desc, value uint64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(of, prometheus.CounterValue, float64(value), labels...)
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
