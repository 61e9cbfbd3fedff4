package app

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/sunset"
	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/webhooks"
)

// maxCheckedAccounts bounds the accounts that doctor checks.
const maxCheckedAccounts = 100

// Diagnose checks everything that a Postwright with this configuration needs, also when it can't be put together: then what
// keeps it from that is a failed check, and what depends on it is unknown.
func Diagnose(ctx context.Context, cfg Config, log *slog.Logger) status.Report {
	if err := cfg.Verify(); err != nil {
		return status.Report{Checks: status.Configuration(err)}
	}
	a, err := begin(ctx, cfg, log)
	if err != nil {
		return status.Report{Checks: status.Configuration(err)}
	}
	defer a.Close()
	if err := a.connect(ctx); err != nil {
		return status.Run(ctx, append(a.checkersWithoutDatabase(err), a.vendorCheckers(status.Version(cfg.LinkedIn.Version, noProbe, Now))...), log)
	}
	all := slices.Concat(
		a.ownCheckers(),
		[]status.Checker{status.Keyset(a.Accounts.CheckSeals, a.Webhooks.CheckSeals), status.Webhooks(a.Webhooks.Health)},
		a.vendorCheckers(
			status.Version(cfg.LinkedIn.Version, a.probe(), Now),
		),
		[]status.Checker{status.Accounts(a.allAccounts, a.Accounts, cfg.LinkedIn.DailyRequests.Value, Now)},
	)
	return status.Run(ctx, all, log)
}

// databaseCheckers check the database and its schema after an attempt to connect that ended with err, nil where it went well.
func (a *App) databaseCheckers(err error) []status.Checker {
	if err == nil {
		return []status.Checker{
			status.Database(a.store, Now), status.Connections(a.store.ConnectionLimit, a.cfg.connections()), status.Migrations(a.migrator.Check),
		}
	}
	switch reason := fault.Of(err).Reason; {
	case a.store == nil:
		return []status.Checker{status.Failing("database", err, status.RemedyDatabase), status.WithoutDatabase("migrations")}
	case reason == postgres.ReasonRights:
		return []status.Checker{status.Failing("database", err, status.RemedyRights), status.WithoutDatabase("migrations")}
	case reason == postgres.ReasonForeign: // its words say what to do
		return []status.Checker{status.Database(a.store, Now), status.Failing("migrations", err, "")}
	}
	return []status.Checker{status.Database(a.store, Now), status.Failing("migrations", err, status.RemedyMigrations)}
}

// checkersWithoutDatabase are those for a database that can't be used, as err says.
func (a *App) checkersWithoutDatabase(err error) []status.Checker {
	checkers := slices.Concat(a.databaseCheckers(err), a.redisCheckers(), []status.Checker{status.Files(mayOpen, a.cfg.files())})
	for _, name := range []string{"workers", "release", "encryption key", "webhooks", "accounts"} {
		checkers = append(checkers, status.WithoutDatabase(name))
	}
	return checkers
}

// noProbe is the probe without an account to ask with.
func noProbe(context.Context) sunset.Support { return sunset.Unknown }

func (a *App) allAccounts(ctx context.Context) ([]accounts.Account, error) {
	return a.Accounts.ListAll(ctx, maxCheckedAccounts)
}

// ownCheckers check what belongs to this Postwright. No account is among it: every user is told the results.
func (a *App) ownCheckers() []status.Checker {
	return slices.Concat(a.databaseCheckers(nil), a.redisCheckers(),
		[]status.Checker{status.Files(mayOpen, a.cfg.files()), status.Workers(a.jobs.Alive), status.Held(a.Publishing.Held)})
}

// redisCheckers check the Redis that is set, if one is.
func (a *App) redisCheckers() []status.Checker {
	url := a.cfg.Cache.RedisURL.Reveal()
	if url == "" || !a.cfg.serves() {
		return nil
	}
	return []status.Checker{status.Redis(func(ctx context.Context) (string, error) { return cache.ReachRedis(ctx, url) })}
}

// readinessChecks are what makes this process ready for its role: its own state, and those of ownCheckers without which no call
// is served.
func (a *App) readinessChecks() []telemetry.Check {
	checks := []telemetry.Check{{Name: "server", Alone: true, Ready: func(context.Context) error {
		if a.stopping.Load() {
			return fault.New(fault.Unavailable, "The server is stopping.")
		}
		return nil
	}}}
	for _, checker := range a.ownCheckers() {
		if checker.Ready != nil {
			checks = append(checks, telemetry.Check{Name: checker.Name, Ready: checker.Ready}.Cached(healthEvery, time.Now))
		}
	}
	if a.cfg.works() {
		checks = append(checks, telemetry.Check{Name: "workers", Ready: a.jobs.Ready})
	}
	return checks
}

// vendorCheckers check the vendors' systems; version is the checker of LinkedIn's version.
func (a *App) vendorCheckers(version status.Checker) []status.Checker {
	var checkers []status.Checker
	for _, app := range a.cfg.LinkedIn.apps() {
		if app.Name == accounts.DefaultApp && app.ClientID == "" && len(a.cfg.LinkedIn.AppsFile.list) > 0 {
			continue // the others stand in for it
		}
		cfg := a.cfg.LinkedIn.client()
		cfg.ClientID, cfg.ClientSecret = app.ClientID, app.ClientSecret.Reveal()
		checkers = append(checkers, status.App(app.Name, a.linkedIn.WithApp(cfg.ClientID, cfg.ClientSecret, accounts.SettingsOf(app.Name)), cfg))
	}
	checkers = append(checkers, version)
	return slices.Concat(checkers, a.engineCheckers(), a.senderCheckers())
}

// engineCheckers check the engines that analyse texts. What one can't do, the next in the order may.
func (a *App) engineCheckers() (checkers []status.Checker) {
	order := a.cfg.engines()
	for i, name := range order {
		var checker status.Checker
		switch name {
		case analysis.API:
			checker = status.Analysis(a.analysisAPI, a.cfg.Analysis.URL)
		case analysis.LLM:
			checker = status.LLM(a.llmAPI, a.cfg.LLM.URL)
		case analysis.Builtin:
			checker = status.BuiltinAnalysis()
		}
		if i+1 < len(order) {
			checker = status.WithFallback(checker, order[i+1])
		}
		checkers = append(checkers, checker)
	}
	return checkers
}

func (a *App) probe() sunset.Probe {
	return sunset.NewProbe(a.allAccounts, a.Accounts.WorkingTokenToAsk, a.linkedIn)
}

// How long the results that all users share are good for. Those of vendors, whom it costs something to ask, are kept longer.
const (
	ownChecksTTL    = 30 * time.Second
	vendorChecksTTL = 10 * time.Minute
)

// report is what a user is told: what all share, and their own accounts. Of other users' accounts it says nothing, not even
// whether there are any.
func (a *App) report(ctx context.Context, owner uuid.UUID) status.Report {
	owned := []status.Checker{
		status.Keyset(
			func(ctx context.Context) (accounts.SealCheck, error) { return a.Accounts.CheckSealsOf(ctx, owner) },
			func(ctx context.Context) (webhooks.SealCheck, error) { return a.Webhooks.CheckSealsOf(ctx, owner) },
		),
		status.Webhooks(func(ctx context.Context) (webhooks.Health, error) { return a.Webhooks.HealthOf(ctx, owner) }),
	}
	mine := func(ctx context.Context) ([]accounts.Account, error) { return a.Accounts.List(ctx, owner) }
	accountChecker := status.Accounts(mine, a.Accounts, a.cfg.LinkedIn.DailyRequests.Value, Now)
	return status.Report{Checks: slices.Concat(a.ownChecks.Checks(ctx), status.Run(ctx, owned, a.log).Checks,
		a.vendorChecks.Checks(ctx), status.Run(ctx, []status.Checker{accountChecker}, a.log).Checks)}
}

// versionWorker checks LinkedIn's version once a day.
func (a *App) versionWorker() *sunset.Worker {
	return &sunset.Worker{
		Store: a.store, Jobs: a.jobs, Version: a.cfg.LinkedIn.Version, Probe: a.probe(), Owners: a.Accounts.Owners, Now: Now, Log: a.log,
		Follow: beforeSunset,
	}
}
