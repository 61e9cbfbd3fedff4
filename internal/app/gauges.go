package app

import (
	"slices"

	"github.com/postwright/postwright/internal/sunset"
	"github.com/postwright/postwright/internal/telemetry"
)

// cacheState is the cache's state as it is measured.
func (a *App) cacheState() telemetry.CacheState {
	now := a.cache.State()
	state := telemetry.CacheState{Evictions: now.Evictions, Entries: now.Entries, Bytes: now.Bytes, Hears: now.Hears, Shares: now.Shares}
	for _, kind := range now.Kinds {
		state.Kinds = append(state.Kinds, telemetry.CacheCounts(kind))
	}
	return state
}

// tracerName names the tracer of jobs.
const tracerName = "github.com/postwright/postwright"

// exportGauges shows in /metrics what is not counted as it happens, but read at each scrape. What needs no database is apart from
// what can't be read without it.
func (a *App) exportGauges() {
	a.metrics.ExportPool(func() telemetry.PoolState { return telemetry.PoolState(a.store.PoolState()) })
	if a.cache != nil {
		a.metrics.ExportCache(a.cacheState)
	}
	a.metrics.ExportGauges(sunset.Of(a.cfg.LinkedIn.Version).Gauges(Now), Now, a.log)
	a.metrics.ExportGauges(
		slices.Concat(a.jobs.Gauges(), a.origin.Gauges(), a.Publishing.Gauges(), a.Accounts.Gauges(), a.Webhooks.Gauges()),
		Now,
		a.log,
	)
}
