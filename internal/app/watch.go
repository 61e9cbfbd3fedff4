package app

import (
	"context"

	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// instrumentation names the maker of the spans of calls to others and of jobs.
const instrumentation = "github.com/postwright/postwright"

// watch shows in /metrics what is not counted as it happens, but asked for at each scrape.
func (a *App) watch() {
	a.metrics.WatchPool(func() telemetry.PoolState { return telemetry.PoolState(a.store.PoolState()) })
	if ends, _ := linkedin.VersionEnds(a.cfg.LinkedIn.Version); !ends.IsZero() {
		a.metrics.WatchVersion(a.cfg.LinkedIn.Version, ends, Now)
	}
	a.metrics.WatchFigures(a.figures, Now, a.log)
}

// figures asks those who own them. One that can't be had is a failure of all: half of the figures would look like calm.
func (a *App) figures(ctx context.Context) (figures telemetry.Figures, err error) {
	if figures.Jobs, err = a.jobs.CountByState(ctx); err != nil {
		return figures, err
	}
	if figures.WorkersAlive, err = a.jobs.Alive(ctx); err != nil {
		return figures, err
	}
	standing, err := a.origin.Standing(ctx)
	if err != nil {
		return figures, err
	}
	figures.Held = standing.Hold != nil
	publications, err := a.services.Publishing.Figures(ctx)
	if err != nil {
		return figures, err
	}
	ends, err := a.Accounts.Ends(ctx)
	if err != nil {
		return figures, err
	}
	figures.Publications, figures.Overdue = publications.ByState, publications.Overdue
	figures.CreatesToday = make(map[string]int64, len(publications.CreatesToday))
	for account, count := range publications.CreatesToday {
		figures.CreatesToday[account.String()] = count
	}
	figures.TokenDaysLeft = make(map[string]float64, len(ends))
	for account, left := range ends {
		figures.TokenDaysLeft[account.String()] = telemetry.Days(left)
	}
	return figures, nil
}
