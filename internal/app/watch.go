package app

import (
	"slices"

	"github.com/postwright/postwright/internal/sunset"
	"github.com/postwright/postwright/internal/telemetry"
)

// instrumentation names the maker of the spans of calls to others and of jobs.
const tracerName = "github.com/postwright/postwright"

// watch shows in /metrics what is not counted as it happens, but asked for at each scrape. What needs no database is apart from
// what can't be read without it.
func (a *App) watch() {
	a.metrics.WatchPool(func() telemetry.PoolState { return telemetry.PoolState(a.store.PoolState()) })
	a.metrics.WatchFigures(sunset.Of(a.cfg.LinkedIn.Version).Figures(Now), Now, a.log)
	a.metrics.WatchFigures(slices.Concat(a.jobs.Figures(), a.origin.Figures(), a.Publishing.Figures(), a.Accounts.Figures()), Now, a.log)
}
