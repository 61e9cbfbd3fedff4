package app

import (
	"slices"

	"github.com/postwright/postwright/internal/sunset"
	"github.com/postwright/postwright/internal/telemetry"
)

// cacheState is the cache's state as it is measured.
func (a *App) cacheState() telemetry.CacheState {
	now := a.cache.State()
	state := telemetry.CacheState{
		Evictions: now.Evictions, Entries: now.Entries, Bytes: now.Bytes, Hears: now.Hears, Shares: now.Shares,
	}
	for _, kind := range now.Kinds {
		state.Kinds = append(state.Kinds, telemetry.CacheCounts(kind))
	}
	return state
}

// instrumentation names the maker of the spans of calls to others and of jobs.
const instrumentation = "github.com/postwright/postwright"

// watch shows in /metrics what is not counted as it happens, but asked for at each scrape. What needs no database is apart from
// what can't be read without it.
func (a *App) watch() {
	a.metrics.WatchPool(func() telemetry.PoolState { return telemetry.PoolState(a.store.PoolState()) })
	if a.cache != nil {
		a.metrics.WatchCache(a.cacheState)
	}
	a.metrics.WatchFigures(sunset.Of(a.cfg.LinkedIn.Version).Figures(Now), Now, a.log)
	a.metrics.WatchFigures(slices.Concat(a.jobs.Figures(), a.origin.Figures(), a.Publishing.Figures(), a.Accounts.Figures()), Now, a.log)
}
