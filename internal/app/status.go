package app

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/sunset"
	"github.com/postwright/postwright/internal/telemetry"
)

// mostExamined bounds the accounts that doctor looks at.
const mostExamined = 100

// Examine looks at everything that a Postwright with this configuration needs, also when it can't be put together: then
// what keeps it from that is a failed check, and what depends on it can't be known.
func Examine(ctx context.Context, cfg Config, log *slog.Logger) status.Report {
	if err := cfg.Verify(); err != nil {
		report := status.Report{}
		for _, field := range fault.Of(err).Fields {
			report.Checks = append(report.Checks, status.Check{
				Name:   "configuration",
				State:  status.Failed,
				Detail: field.Path + " " + field.Problem + ".",
				Remedy: "Correct it; nothing else was looked at.",
			})
		}
		return report
	}
	a, err := begin(ctx, cfg, log)
	if err != nil {
		return status.Examine(ctx, []status.Look{status.Broken("configuration", err, "Correct it; nothing else was looked at.")})
	}
	defer a.Close()
	if err := a.connect(ctx); err != nil {
		return status.Examine(ctx, append(a.withoutDatabase(err), a.vendors(status.Version(cfg.LinkedIn.Version, nobody, Now))...))
	}
	all := slices.Concat(
		a.own(),
		[]status.Look{status.Keyset(a.Accounts.Seals)},
		a.vendors(
			status.Version(cfg.LinkedIn.Version, a.probe(), Now),
		),
		[]status.Look{status.Accounts(a.everybodys, a.Accounts, cfg.LinkedIn.DailyRequests.Value, Now)},
	)
	return status.Examine(ctx, all)
}

// database are the looks at the database and its schema after the attempt to connect that ended with err, nil where it went well.
func (a *App) database(err error) []status.Look {
	if err == nil {
		return []status.Look{
			status.Database(a.store, Now), status.Connections(a.store.ConnectionLimit, a.cfg.connections()), status.Migrations(a.migrator.Check),
		}
	}
	switch reason := fault.Of(err).Reason; {
	case a.store == nil:
		return []status.Look{status.Broken("database", err, status.RemedyDatabase), status.Blocked("migrations", needsDatabase)}
	case reason == postgres.ReasonRights:
		return []status.Look{status.Broken("database", err, status.RemedyRights), status.Blocked("migrations", needsDatabase)}
	case reason == postgres.ReasonForeign: // its words say what to do
		return []status.Look{status.Database(a.store, Now), status.Broken("migrations", err, "")}
	}
	return []status.Look{status.Database(a.store, Now), status.Broken("migrations", err, status.RemedyMigrations)}
}

// withoutDatabase are the looks when the database can't be used, as err says.
func (a *App) withoutDatabase(err error) []status.Look {
	looks := append(a.database(err), a.redis()...)
	for _, name := range []string{"workers", "release", "encryption key", "accounts"} {
		looks = append(looks, status.Blocked(name, needsDatabase))
	}
	return looks
}

const needsDatabase = "The database has to be in order first."

// nobody is the probe without an account to ask with.
func nobody(context.Context) (alive, known bool) { return false, false }

func (a *App) everybodys(ctx context.Context) ([]accounts.Account, error) {
	return a.Accounts.All(ctx, mostExamined)
}

// own are the looks at what belongs to this Postwright. Nobody's accounts are in them: every user is told what they find.
func (a *App) own() []status.Look {
	return slices.Concat(a.database(nil), a.redis(), []status.Look{status.Workers(a.jobs.Alive), status.Held(a.Publishing.Held)})
}

// redis is the look at the Redis that is set, if one is.
func (a *App) redis() []status.Look {
	url := a.cfg.Cache.RedisURL.Reveal()
	if url == "" || !a.cfg.serves() {
		return nil
	}
	return []status.Look{status.Redis(func(ctx context.Context) (string, error) { return cache.ReachRedis(ctx, url) })}
}

// ready are what makes this process ready for its role: its own state, and of what own looks at that without which no call is
// served.
func (a *App) ready() []telemetry.Check {
	checks := []telemetry.Check{{Name: "server", Alone: true, Ready: func(context.Context) error {
		if a.stopping.Load() {
			return fault.New(fault.Unavailable, "The server is stopping.")
		}
		return nil
	}}}
	for _, look := range a.own() {
		if look.Ready != nil {
			checks = append(checks, telemetry.Check{Name: look.Name, Ready: look.Ready}.Kept(healthEvery, time.Now))
		}
	}
	if a.cfg.works() {
		checks = append(checks, telemetry.Check{Name: "workers", Ready: a.jobs.Ready})
	}
	return checks
}

// vendors are the looks at others' systems; version is the one at LinkedIn's version.
func (a *App) vendors(version status.Look) []status.Look {
	var looks []status.Look
	for _, app := range a.cfg.LinkedIn.apps() {
		if app.Name == accounts.DefaultApp && app.ClientID == "" && len(a.cfg.LinkedIn.AppsFile.list) > 0 {
			continue // the others stand in for it
		}
		cfg := a.cfg.LinkedIn.client()
		cfg.ClientID, cfg.ClientSecret = app.ClientID, app.ClientSecret.Reveal()
		looks = append(looks, status.App(app.Name, a.linkedIn.As(cfg.ClientID, cfg.ClientSecret, accounts.SettingsOf(app.Name)), cfg))
	}
	return append(looks, version, status.Analysis(a.analysisAPI, a.cfg.Analysis.URL), status.Notification(a.cfg.Notification.URL))
}

func (a *App) probe() func(context.Context) (alive, known bool) {
	open := func(ctx context.Context, account accounts.Account) (context.Context, string, error) {
		if a.Accounts.Standing(account, Now()).Paused != "" {
			return ctx, "", fault.New(fault.Precondition, "LinkedIn does not accept the account's token any more.")
		}
		return a.Accounts.TokenToAsk(ctx, account, 1)
	}
	return sunset.Probe(a.everybodys, open, a.linkedIn)
}

// How long what all users share is good for, when users ask. What it costs to ask vendors is kept for longer.
const (
	systemGood  = 30 * time.Second
	vendorsGood = 10 * time.Minute
)

// report is what a user is told: what all share, and their own accounts. Of other users' accounts it says nothing, not even
// whether there are any.
func (a *App) report(ctx context.Context, owner uuid.UUID) status.Report {
	keyset := status.Keyset(func(ctx context.Context) (accounts.Seals, error) { return a.Accounts.SealsOf(ctx, owner) })
	mine := func(ctx context.Context) ([]accounts.Account, error) { return a.Accounts.List(ctx, owner) }
	own := status.Accounts(mine, a.Accounts, a.cfg.LinkedIn.DailyRequests.Value, Now)
	return status.Report{Checks: slices.Concat(a.system.Checks(ctx), status.Examine(ctx, []status.Look{keyset}).Checks, a.others.Checks(ctx),
		status.Examine(ctx, []status.Look{own}).Checks)}
}

// versionWorker looks at LinkedIn's version once a day.
func (a *App) versionWorker() *sunset.Worker {
	return &sunset.Worker{
		Store: a.store, Jobs: a.jobs, Version: a.cfg.LinkedIn.Version, Probe: a.probe(), Now: Now, Log: a.log,
		Follow: notify.BeforeSunset,
	}
}
