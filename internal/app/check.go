package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// NotTried is what Try leaves out, because it would have an effect or be counted by a vendor.
const NotTried = "whether LinkedIn, the analysis API and the notification API answer, and take their secrets and tokens: `postwright doctor` asks them"

// Try does what a start with this configuration would do, and has no effect: it reads every setting, listens for a moment, and
// looks at the database. A configuration that is wrong in itself is an error with every fault.
func Try(ctx context.Context, cfg Config, log *slog.Logger) (status.Report, error) {
	if err := cfg.Verify(); err != nil {
		return status.Report{}, err
	}
	report := status.Report{Checks: []status.Check{{Name: "configuration", State: status.OK, Detail: "Every setting can be read."}}}
	add := func(name string, err error, remedy, good string) bool {
		check := status.Check{Name: name, State: status.OK, Detail: good}
		if err != nil {
			check = status.Check{Name: name, State: status.Failed, Detail: fault.Of(err).Message, Remedy: remedy}
		}
		report.Checks = append(report.Checks, check)
		return err == nil
	}
	listener, err := Listen(ctx, cfg.Server.Listen)
	if err == nil {
		_ = listener.Close() // nobody has connected
	}
	add("address", err, "", fmt.Sprintf("%s is free.", cfg.Server.Listen))
	a, err := begin(ctx, cfg, log)
	if !add("clients", err, "Correct the settings of the traces and the vendors.", "The vendors' clients and the traces can be made.") {
		return report, nil
	}
	defer a.Close()
	var keyset status.Look
	if err := a.connect(ctx); err != nil {
		keyset = status.Blocked("encryption key", needsDatabase)
		report.Checks = append(report.Checks, status.Examine(ctx, a.brokenDatabase(err)).Checks...)
	} else {
		report.Checks = append(report.Checks, status.Examine(ctx, []status.Look{
			status.Database(a.store, Now), status.Connections(a.store.ConnectionLimit, cfg.connections()), status.Migrations(a.migrator.Check),
		}).Checks...)
		keyset = status.Keyset(a.Accounts.Seals)
	}
	if cfg.LinkedIn.TokenKeyset == "" {
		report.Checks = append(report.Checks, status.Check{Name: "encryption key", State: status.Warning, Detail: noKeyset, Remedy: keysetRemedy})
	} else {
		report.Checks = append(report.Checks, status.Examine(ctx, []status.Look{keyset}).Checks...)
	}
	report.Checks = append(report.Checks, versionByDate(cfg.LinkedIn.Version, Now()))
	report.Checks = append(report.Checks, slices.Concat(cfg.LinkedIn.togetherness(), cfg.LinkedIn.unknownScopes())...)
	if a.Accounts != nil {
		report.Checks = append(report.Checks, status.Examine(ctx, []status.Look{status.Scopes(a.everybodys, a.Accounts.Wanted)}).Checks...)
	}
	return report, nil
}

const (
	noKeyset     = "No keyset is set: no account can be connected or used, and nothing is published."
	keysetRemedy = "Make one with `postwright account keyset`, keep it, and set POSTWRIGHT_TOKEN_KEYSET to it."
)

// earliest is how long before its month a version may be asked for: LinkedIn has served none before.
const earliest = 24 * time.Hour

// versionByDate says what the calendar knows of the LinkedIn version: each is served for about a year.
func versionByDate(version string, now time.Time) status.Check {
	c := status.Check{Name: "linkedin version", State: status.OK, Remedy: "Set --linkedin-version to one that LinkedIn serves, YYYYMM; see LinkedIn's page on versioning."}
	ends, exact := linkedin.VersionEnds(version)
	about := "about "
	if exact {
		about = ""
	}
	begins, err := time.Parse("200601", version)
	switch {
	case ends.IsZero() || err != nil:
		c.State, c.Detail = status.Unknown, "Nobody knows how long LinkedIn serves the version "+version+"."
	case !now.Before(ends) && exact:
		c.State, c.Detail = status.Failed, fmt.Sprintf("LinkedIn serves the version %s no more since %s: nothing can be published.", version, ends.Format(time.DateOnly))
	case !now.Before(ends):
		c.State, c.Detail = status.Warning, fmt.Sprintf("LinkedIn has probably served the version %s no more since about %s: then nothing can be published.", version, ends.Format(time.DateOnly))
	case now.Before(begins.Add(-earliest)):
		c.State, c.Detail = status.Warning, fmt.Sprintf("LinkedIn does not serve the version %s yet, if it keeps to its calendar.", version)
	default:
		c.Detail, c.Remedy = fmt.Sprintf("By the calendar, LinkedIn serves the version %s until %s%s.", version, about, ends.Format(time.DateOnly)), ""
	}
	return c
}

// warn says at a start what will keep posts from going out, although everything else works.
func (a *App) warn(ctx context.Context) {
	if a.cfg.LinkedIn.TokenKeyset == "" {
		a.log.WarnContext(ctx, noKeyset, "remedy", keysetRemedy)
	}
	if c := versionByDate(a.cfg.LinkedIn.Version, Now()); c.State == status.Failed || c.State == status.Warning {
		a.log.WarnContext(ctx, c.Detail, "remedy", c.Remedy)
	}
	for _, c := range slices.Concat(a.cfg.LinkedIn.togetherness(), a.cfg.LinkedIn.unknownScopes()) {
		a.log.WarnContext(ctx, c.Detail, "about", c.Name, "remedy", c.Remedy)
	}
}
