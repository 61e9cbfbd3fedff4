package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/status"
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
				Name: "configuration", State: status.Failed, Detail: field.Path + " " + field.Problem + ".", Remedy: "Correct it; nothing else was looked at.",
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
		return status.Examine(ctx, append(a.withoutDatabase(err), a.vendors(nobody)...))
	}
	return status.Examine(ctx, append(a.looks(a.probe()), status.Accounts(a.everybodys, cfg.LinkedIn.Scopes, Now)))
}

// withoutDatabase are the looks when the database can't be used, as err says.
func (a *App) withoutDatabase(err error) []status.Look {
	var looks []status.Look
	if a.store == nil {
		looks = append(looks, status.Broken("database", err, status.RemedyDatabase), status.Blocked("migrations", needsDatabase))
	} else {
		looks = append(looks, status.Database(a.store, Now), status.Broken("migrations", err, status.RemedyMigrations))
	}
	for _, name := range []string{"workers", "encryption key", "accounts"} {
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

// looks are at what all users share.
func (a *App) looks(probe func(context.Context) (alive, known bool)) []status.Look {
	return append([]status.Look{
		status.Database(a.store, Now),
		status.Migrations(a.migrator.Check),
		status.Workers(a.jobs.Alive),
		status.Keyset(a.Accounts.Seals),
	}, a.vendors(probe)...)
}

// vendors are the looks at others' systems.
func (a *App) vendors(probe func(context.Context) (alive, known bool)) []status.Look {
	return []status.Look{
		status.App(a.linkedIn, a.cfg.LinkedIn.client()),
		status.Version(a.cfg.LinkedIn.Version, probe, Now),
		status.Analysis(a.analysisAPI, a.cfg.Analysis.URL),
		status.Notification(a.cfg.Notification.URL),
	}
}

func (a *App) probe() func(context.Context) (alive, known bool) {
	return status.Probe(a.everybodys, a.Accounts.Token, a.linkedIn)
}

// report is what a user is told: what all share, and their own accounts. What all share is looked at once in half a minute,
// however often is asked: the vendors count their calls.
func (a *App) report(ctx context.Context, owner uuid.UUID) status.Report {
	a.shared.Lock()
	if Now().Sub(a.sharedAt) > statusGood {
		a.sharedReport, a.sharedAt = status.Examine(ctx, a.looks(a.probed)), Now()
	}
	report := status.Report{Checks: append([]status.Check(nil), a.sharedReport.Checks...)}
	a.shared.Unlock()
	own := status.Accounts(func(ctx context.Context) ([]accounts.Account, error) { return a.Accounts.List(ctx, owner) }, a.cfg.LinkedIn.Scopes, Now)
	report.Checks = append(report.Checks, status.Examine(ctx, []status.Look{own}).Checks...)
	return report
}

// statusGood is how long a look at what all users share is good for.
const statusGood = 30 * time.Second

// versionWorker looks at LinkedIn's version once a day.
func (a *App) versionWorker() *status.VersionWorker {
	return &status.VersionWorker{
		Store: a.store, Jobs: a.jobs, Version: a.cfg.LinkedIn.Version, Probe: a.probe(), Now: Now, Log: a.log,
		Follow: func(owner uuid.UUID, e status.Ending) []river.JobArgs {
			args := notify.VersionArgs{OwnerID: owner, Channel: notify.Email, Version: e.Version, Ends: e.Ends.Format(time.DateOnly), Exact: e.Exact, Dead: e.Dead}
			push := args
			push.Channel = notify.Push
			return []river.JobArgs{args, push}
		},
	}
}
