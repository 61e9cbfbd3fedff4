package app

import (
	"slices"

	"github.com/postwright/postwright/internal/sunset"
	"github.com/postwright/postwright/internal/telemetry"
)

// tracerName names the tracer of jobs.
const tracerName = "github.com/postwright/postwright"

// exportGauges shows in /metrics what is not counted as it happens, but read at each scrape. What needs no database is apart from
// what can't be read without it.
func (a *App) exportGauges() {
	a.metrics.ExportPool(func() telemetry.PoolState { return telemetry.PoolState(a.store.PoolState()) })
	a.metrics.ExportGauges(sunset.Of(a.cfg.LinkedIn.Version).Gauges(Now), Now, a.log)
	a.metrics.ExportGauges(slices.Concat(a.jobs.Gauges(), a.origin.Gauges(), a.Publishing.Gauges(), a.Accounts.Gauges()), Now, a.log)
}
