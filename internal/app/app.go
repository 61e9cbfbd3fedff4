// Package app puts Postwright together: the configuration, the wiring in plain constructors, and the order of start and stop.
//
// It hands the environment, the logger and the clock to everybody else. Beside it only telemetry reads the environment, for
// OpenTelemetry's variables, and only rpc, outbound, postgres, telemetry and the demo's devdb read the clock, for deadlines and to
// measure how long something took.
package app

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/queue"
	"github.com/postwright/postwright/internal/retention"
	"github.com/postwright/postwright/internal/rpc"
	"github.com/postwright/postwright/internal/signin"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
	"github.com/postwright/postwright/internal/vendors/llmapi"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
	"github.com/postwright/postwright/internal/vendors/smtp"
	"github.com/postwright/postwright/internal/vendors/webpush"
	"github.com/postwright/postwright/internal/versions"
	"github.com/postwright/postwright/internal/webhooks"
)

// Now is the wall clock, cut to what PostgreSQL keeps: what is written equals what is read back. How long something took, or is
// good for, is measured by time.Now, which does that rightly also while the clock is set.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// App is Postwright, put together and connected, not yet serving.
type App struct {
	// Identity, Accounts and Publishing are there for the commands that make users, keys and accounts, and let go what is held.
	Identity   *identity.Service
	Accounts   *accounts.Service
	Publishing *publishing.Service
	// Webhooks is there for the command that seals secrets anew.
	Webhooks *webhooks.Service
	// Browsers likewise.
	Browsers *notify.Browsers
	// SignIn is there for the commands that print links to sign in with.
	SignIn *signin.Service

	cfg      Config
	log      *slog.Logger
	metrics  *telemetry.Metrics
	traces   *telemetry.Traces
	store    *postgres.Store
	cache    *cache.Cache
	migrator *postgres.Migrator
	origin   *origin.Service
	seam     *outbound.Seam
	jobs     *jobs.Client
	services rpc.Services
	stopping atomic.Bool
	onWire   wireLimits

	linkedIn    *linkedin.Client
	analysisAPI *analysisapi.Client // nil where none is set
	llmAPI      *llmapi.Client      // nil where none is set
	notifyAPI   *notifyapi.Client   // likewise
	mailServer  *smtp.Client        // likewise
	webPush     *webpush.Client     // nil where push messages go another way

	ownChecks, vendorChecks *status.CachedChecks // of this Postwright, and of the vendors, as users are told
}

// New connects to the database and puts everything together. A database that is not migrated is a Precondition fault
// that says what to run. Close the App after use.
func New(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	if err := cfg.Verify(); err != nil {
		return nil, err
	}
	a, err := begin(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if err := a.connect(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// begin makes what needs no database: the traces, and the vendors' clients. The configuration is verified.
func begin(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	a := &App{
		cfg:     cfg,
		log:     log,
		metrics: telemetry.NewMetrics(),
		onWire:  wireLimits{request: requestTimeout, message: messageTimeout, silence: streamSilence},
	}
	if err := a.callVendors(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// callVendors makes the clients of the vendors, and what tells of them.
func (a *App) callVendors(ctx context.Context) (err error) {
	if a.traces, err = telemetry.NewTraces(ctx, a.log); err != nil {
		return err
	}
	policies, _ := a.cfg.Outbound.Policies()
	a.seam = outbound.New(a.cfg.Outbound.seam(), policies, a.metrics.API(), a.log)
	if a.linkedIn, err = linkedin.New(a.cfg.LinkedIn.client(), a.seam.Client(linkedin.Vendor), Now); err != nil {
		return err
	}
	if a.cfg.Analysis.URL != "" {
		if a.analysisAPI, err = analysisapi.New(a.cfg.Analysis.client(), a.seam.Client(analysisapi.Vendor), Now); err != nil {
			return err
		}
	}
	if a.cfg.LLM.URL != "" {
		if a.llmAPI, err = llmapi.New(a.cfg.LLM.client(), a.seam.Client(llmapi.Vendor), Now); err != nil {
			return err
		}
	}
	return a.reachSenders()
}

// connect opens the database and puts on it what needs one.
func (a *App) connect(ctx context.Context) (err error) {
	if a.store, err = postgres.Open(ctx, a.cfg.store(), a.metrics.DB(), a.log); err != nil {
		return err
	}
	if a.migrator, err = postgres.NewMigrator(ctx, a.cfg.Database.SessionURL(), a.log); err != nil {
		return err
	}
	if err := a.store.RequireRights(ctx); err != nil { // before what needs some
		return err
	}
	if err := a.migrator.Check(ctx); err != nil {
		return err
	}
	place, err := origin.Place(ctx, a.store)
	if err != nil {
		return err
	}
	a.cache = cache.New(a.cfg.cache(place), a.log)
	if err := a.wire(); err != nil {
		return err
	}
	a.exportGauges()
	return nil
}

// wire makes the use cases and the jobs, from the bottom up.
func (a *App) wire() (err error) {
	var vault *accounts.Vault
	if a.cfg.LinkedIn.TokenKeyset != "" {
		if vault, err = accounts.NewVault(a.cfg.LinkedIn.TokenKeyset.Reveal()); err != nil {
			return err
		}
	}
	a.origin = origin.New(a.store, Now, a.log)
	jobsCfg := a.cfg.jobs()
	jobsCfg.Hold = a.mustHold
	if a.jobs, err = jobs.New(a.store, jobsCfg, a.traces.Tracer(tracerName), time.Now, a.log); err != nil {
		return err
	}
	a.Identity = identity.New(a.store, a.cache, Now)
	a.wireSignIn()
	postService := posts.New(a.store, a.cache, Now)
	postVersions := versions.New(a.store)
	accountSettings := a.cfg.accounts(a.linkedIn)
	accountSettings.Quota.Due = postService.CountDue
	a.Accounts = accounts.New(accounts.Dependencies{
		Store: a.store, Jobs: a.jobs, LinkedIn: a.linkedIn, Vault: vault, Follow: afterAccountEvent, Settings: accountSettings, Now: Now,
	})
	postQueue := queue.New(a.store, a.Accounts, Now)
	a.Publishing = publishing.New(publishing.Dependencies{
		Store: a.store, Jobs: a.jobs, Posts: postService, Accounts: a.Accounts, Queue: postQueue, LinkedIn: a.linkedIn, Origin: a.origin,
		Follow: a.afterPublication, Rules: a.cfg.Publishing.rules(a.cfg.LinkedIn.Version), Now: Now,
	})
	numbers := analytics.New(analytics.Dependencies{
		Store: a.store, Posts: postService, Accounts: a.Accounts, LinkedIn: a.linkedIn, Jobs: a.jobs,
		Plan: a.cfg.Publishing.plan(), Now: Now,
	})
	a.Browsers = notify.NewBrowsers(notify.BrowsersDependencies{Store: a.store, Vault: vault, Client: a.webPush, Now: Now, Log: a.log})
	notifyService := notify.New(notify.Dependencies{
		Store: a.store, Jobs: a.jobs, Sources: notify.Sources{Users: a.Identity, Posts: postService, Accounts: a.Accounts},
		Email: a.emailRoute(), Push: a.pushRoute(), Limits: a.cfg.Notification.limits(), Observer: a.metrics.Notifications(), Now: Now, Log: a.log,
	})
	a.Webhooks = a.wireWebhooks(vault)
	a.ownChecks = status.NewCachedChecks(a.ownCheckers(), ownChecksTTL, time.Now, a.log)
	version := status.AnnouncedVersion(a.cfg.LinkedIn.Version, a.probe().Cached(time.Now), Now)
	a.vendorChecks = status.NewCachedChecks(a.vendorCheckers(version), vendorChecksTTL, time.Now, a.log)
	for _, owner := range []interface{ Register(*jobs.Client) }{
		a.Publishing, a.Accounts, notifyService, numbers, a.Webhooks, a.versionWorker(),
		retention.NewWorker(a.store, a.cfg.Retention.periods(), Now, a.log),
	} {
		owner.Register(a.jobs)
	}
	a.services = rpc.Services{
		Posts: postService, Publishing: a.Publishing, Analytics: numbers, Versions: postVersions, Accounts: a.Accounts, Notify: notifyService,
		Browsers: a.Browsers, PushReach: a.Browsers.Reach(), Queue: postQueue,
		Webhooks: a.Webhooks, WebhookReach: a.Webhooks.Reach(),
		Analysis: analysis.New(analysis.Dependencies{
			Store: a.store, Posts: postService, Versions: postVersions, Engines: a.engines(), Observer: a.metrics.Analysis(), Now: Now,
		}),
		SignIn:   a.SignIn,
		Status:   a.report,
		Identify: identity.Identifier{Users: a.Identity, Sessions: a.SignIn.Sessions}.Identify,
		Callers:  limit.NewCallers(a.cfg.callers(), time.Now),
		InFlight: rpc.NewInFlight(),
	}
	return nil
}

// engines are those that analyse texts, in the order in which they are asked.
func (a *App) engines() (engines []analysis.Engine) {
	for _, name := range a.cfg.engines() {
		switch name {
		case analysis.API:
			engines = append(engines, analysis.APIEngine{Client: a.analysisAPI})
		case analysis.LLM:
			engines = append(engines, analysis.NewLLMEngine(analysis.LLMDependencies{
				Client: a.llmAPI, Store: a.store, Settings: a.cfg.LLM.settings(), Meter: a.metrics.Analysis(), Now: Now,
			}))
		case analysis.Builtin:
			engines = append(engines, analysis.NewBuiltinEngine())
		}
	}
	return engines
}

// afterPublication names the jobs that follow a publication.
func (a *App) afterPublication(post posts.Post, warning string) []river.JobArgs {
	return slices.Concat(
		notify.AfterPublication(post, warning),
		analytics.AfterPublication(post, a.cfg.Publishing.plan()),
		webhooks.AfterPublication(post, warning, Now()),
	)
}

// afterAccountEvent names the jobs that follow an account's event.
func afterAccountEvent(event accounts.Event, account accounts.Account) []river.JobArgs {
	return slices.Concat(
		notify.AfterAccount(event, account),
		publishing.AfterAccount(event, account),
		webhooks.AfterAccount(event, account, Now()),
	)
}

// mustHold reports whether a job would notify somebody from a database that may not know who was notified already. Publications
// are not among these jobs: they ask as they are claimed.
func (a *App) mustHold(ctx context.Context, kind string) (bool, error) {
	if !notify.Notifies(kind) {
		return false, nil
	}
	return a.held(ctx)
}

// held reports whether nothing may go out from this database.
func (a *App) held(ctx context.Context) (bool, error) {
	standing, err := a.origin.Standing(ctx)
	return standing.Hold != nil, err
}

// Hold holds everything that would go out, because a person said so.
func (a *App) Hold(ctx context.Context) error { return a.origin.Hold(ctx) }

// Close lets every connection go and delivers the last spans. It is for an App that is not serving: Serve closes nothing.
func (a *App) Close() {
	if a.seam != nil {
		a.seam.Close()
	}
	if a.migrator != nil {
		a.migrator.Close()
	}
	if a.store != nil {
		a.store.Close()
	}
	if a.traces != nil {
		if err := a.traces.Close(); err != nil {
			a.log.Warn("the last traces were not delivered", "error", err)
		}
	}
}
