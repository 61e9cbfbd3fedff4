package app

import (
	"context"
	"log/slog"
	"os"
	"slices"

	"github.com/postwright/postwright/internal/status"
)

// NotInDryRun is what DryRun leaves out, because it would have an effect or be counted by a vendor.
const NotInDryRun = "whether LinkedIn, the analysis API, the language model, the notification API and the mail server answer, and take their " +
	"secrets and tokens: `postwright doctor` asks them"

// DryRun does what a start with this configuration would do, and has no effect: it reads every setting, listens for a moment, and
// looks at the database. A configuration that is wrong in itself is an error with every fault.
func DryRun(ctx context.Context, cfg Config, log *slog.Logger) (status.Report, error) {
	if err := cfg.Verify(); err != nil {
		return status.Report{}, err
	}
	report := status.Report{Checks: status.Configuration(nil)}
	listener, err := Listen(ctx, cfg.Server.Listen)
	if err == nil {
		_ = listener.Close() // nobody has connected
	}
	report.Checks = append(report.Checks, status.Address(cfg.Server.Listen, err))
	a, err := begin(ctx, cfg, log)
	report.Checks = append(report.Checks, status.Clients(err))
	if err != nil {
		return report, nil
	}
	defer a.Close()
	var keyset status.Checker
	if err = a.connect(ctx); err != nil {
		keyset = status.WithoutDatabase("encryption key")
	} else {
		keyset = status.Keyset(a.Accounts.CheckSeals, a.Webhooks.CheckSeals)
	}
	report.Checks = append(report.Checks, status.Run(ctx, slices.Concat(
		a.databaseCheckers(err), a.redisCheckers(), []status.Checker{status.Files(mayOpen, cfg.files())},
	), log).Checks...)
	if cfg.LinkedIn.TokenKeyset == "" {
		report.Checks = append(report.Checks, status.NoKeyset)
	} else {
		report.Checks = append(report.Checks, status.Run(ctx, []status.Checker{keyset}, log).Checks...)
	}
	report.Checks = append(report.Checks, status.VersionByDate(cfg.LinkedIn.Version, Now()))
	report.Checks = append(
		report.Checks,
		slices.Concat(cfg.LinkedIn.scopeChecks(), unusedProxies(os.Getenv, cfg.called()))...)
	if a.Accounts != nil {
		scopes := status.Scopes(a.allAccounts, a.Accounts.WantedScopes)
		report.Checks = append(report.Checks, status.Run(ctx, []status.Checker{scopes}, log).Checks...)
	}
	return report, nil
}

// warn says at a start what will keep posts from going out, although everything else works.
func (a *App) warn(ctx context.Context) {
	if a.cfg.LinkedIn.TokenKeyset == "" {
		a.log.WarnContext(ctx, status.NoKeyset.Detail, "remedy", status.NoKeyset.Remedy)
	}
	if c := status.VersionByDate(a.cfg.LinkedIn.Version, Now()); c.State == status.Failed || c.State == status.Warning {
		a.log.WarnContext(ctx, c.Detail, "remedy", c.Remedy)
	}
	for _, c := range status.Run(ctx, []status.Checker{status.Files(mayOpen, a.cfg.files())}, a.log).Checks {
		if c.State == status.Warning {
			a.log.WarnContext(ctx, c.Detail, "about", c.Name, "remedy", c.Remedy)
		}
	}
	for _, c := range slices.Concat(a.cfg.LinkedIn.scopeChecks(), unusedProxies(os.Getenv, a.cfg.called())) {
		a.log.WarnContext(ctx, c.Detail, "about", c.Name, "remedy", c.Remedy)
	}
}
