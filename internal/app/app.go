// Package app puts Postwright together: the configuration, the wiring in plain constructors, and the order of start and stop.
//
// It hands the environment, the logger and the clock to everybody else. Beside it only telemetry reads the environment, for
// OpenTelemetry's variables, and only rpc, outbound, postgres, telemetry and the demo's devdb read the clock, for deadlines and to
// measure how long something took.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/retention"
	"github.com/postwright/postwright/internal/rpc"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
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
	notifyAPI   *notifyapi.Client

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
	a.notifyAPI, err = notifyapi.New(a.cfg.Notification.client(), a.seam.Client(notifyapi.Vendor), Now)
	return err
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
	postService := posts.New(a.store, a.cache, Now)
	accountSettings := a.cfg.accounts(a.linkedIn)
	accountSettings.Quota.Due = postService.CountDue
	a.Accounts = accounts.New(accounts.Dependencies{
		Store: a.store, Jobs: a.jobs, LinkedIn: a.linkedIn, Vault: vault, Follow: afterAccountEvent, Settings: accountSettings, Now: Now,
	})
	a.Publishing = publishing.New(publishing.Dependencies{
		Store: a.store, Jobs: a.jobs, Posts: postService, Accounts: a.Accounts, LinkedIn: a.linkedIn, Origin: a.origin,
		Follow: a.afterPublication, Rules: a.cfg.Publishing.rules(a.cfg.LinkedIn.Version), Now: Now,
	})
	numbers := analytics.New(analytics.Dependencies{
		Store: a.store, Posts: postService, Accounts: a.Accounts, LinkedIn: a.linkedIn, Plan: a.cfg.Publishing.plan(),
		Log: a.log, Now: Now,
	})
	notifyService := notify.New(notify.Dependencies{
		Store: a.store, Sources: notify.Sources{Users: a.Identity, Posts: postService, Accounts: a.Accounts},
		Email: notify.EmailChannel{Vendor: a.notifyAPI}, Push: notify.PushChannel{Vendor: a.notifyAPI},
		Limits: a.cfg.Notification.limits(), Now: Now, Log: a.log,
	})
	a.ownChecks = &status.CachedChecks{Checkers: a.ownCheckers(), TTL: ownChecksTTL, Now: time.Now}
	a.vendorChecks = &status.CachedChecks{
		Checkers: a.vendorCheckers(status.AnnouncedVersion(a.cfg.LinkedIn.Version, a.probe().Cached(time.Now), Now)),
		TTL:      vendorChecksTTL,
		Now:      time.Now,
	}
	for _, owner := range []interface{ Register(*jobs.Client) }{
		a.Publishing, a.Accounts, notifyService, numbers, a.versionWorker(), retention.NewWorker(a.store, a.cfg.Retention.periods(), Now, a.log),
	} {
		owner.Register(a.jobs)
	}
	a.services = rpc.Services{
		Posts: postService, Publishing: a.Publishing, Analytics: numbers, Accounts: a.Accounts, Notify: notifyService,
		Analysis: analysis.New(analysis.Dependencies{
			Store: a.store, Posts: postService, Engines: a.engines(), Observer: a.metrics.Analysis(), Now: Now,
		}),
		Status:       a.report,
		Authenticate: a.Identity.Authenticate,
		Callers:      limit.NewCallers(a.cfg.callers(), time.Now),
		InFlight:     rpc.NewInFlight(),
	}
	return nil
}

// engines are those that analyse texts, in the order in which they are asked.
func (a *App) engines() (engines []analysis.Engine) {
	for _, name := range a.cfg.Analysis.order() {
		switch name {
		case analysis.API:
			engines = append(engines, analysis.APIEngine{Client: a.analysisAPI})
		case analysis.Builtin:
			engines = append(engines, analysis.NewBuiltinEngine())
		}
	}
	return engines
}

// afterPublication names the jobs that follow a publication.
func (a *App) afterPublication(post posts.Post, warning string) []river.JobArgs {
	return append(notify.AfterPublication(post, warning), analytics.AfterPublication(post, a.cfg.Publishing.plan())...)
}

// afterAccountEvent names the jobs that follow an account's event.
func afterAccountEvent(event accounts.Event, account accounts.Account) []river.JobArgs {
	return append(notify.AfterAccount(event, account), publishing.AfterAccount(event, account)...)
}

// mustHold reports whether a job would notify somebody from a database that may not know who was notified already. Publications
// are not among these jobs: they ask as they are claimed.
func (a *App) mustHold(ctx context.Context, kind string) (bool, error) {
	if !notify.Notifies(kind) {
		return false, nil
	}
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

// Listen opens the configured address.
func (a *App) Listen(ctx context.Context) (net.Listener, error) {
	return Listen(ctx, a.cfg.Server.Listen)
}

// Listen opens the address of --listen; one that is in use is a Precondition fault that says so.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	return listen(ctx, address, "--listen")
}

// listen opens the address that a flag gave.
func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault.Newf(fault.Precondition, "The address %s is in use: stop what listens there, or choose another with %s.", address, flag).
			WithReason(ReasonAddressInUse).WithCause(err)
	case err != nil:
		return nil, fault.Newf(fault.Precondition, "The address %s can't be listened on: choose another with %s.", address, flag).WithCause(err)
	}
	return listener, nil
}

// ReasonAddressInUse marks the fault of an address that somebody else listens on.
const ReasonAddressInUse = "ADDRESS_IN_USE"

// Serve works jobs and answers calls on the listener until ctx ends, then stops within the configured grace: readiness
// says so; no new connections; calls and jobs under way end, and those that don't are cut off. What was cut off is in the
// error. A connection without a call under way is closed: it neither delays the stop nor fails it.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	// Streams end when the listener closes, calls go on until they are answered.
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	var changes sync.WaitGroup // what wakes the streams; it ends with them
	defer changes.Wait()
	defer endStreams()
	server, err := a.httpServer(streams)
	if err == nil {
		var endProfiles func()
		if endProfiles, err = a.serveProfiles(ctx); err == nil {
			defer endProfiles()
		}
	}
	a.warn(ctx)
	// Before anything is approved, so that what is approved later is known not to be sent yet. Where it fails, claims find out.
	if _, err := a.origin.Standing(context.WithoutCancel(ctx)); err != nil {
		a.log.WarnContext(ctx, "whether this is the database of before is not known yet", "error", err)
	}
	if err == nil {
		err = a.jobs.Start(ctx)
	}
	if err != nil {
		_ = listener.Close()
		return err
	}
	changes.Go(func() { a.origin.Watch(streams) })
	if a.cfg.serves() {
		listeners := []postgres.Listener{a.services.Posts.Listener()}
		if a.cache != nil {
			listeners = append(listeners, a.cache.Listener())
			changes.Go(func() { a.cache.Run(streams) })
		}
		changes.Go(func() { a.store.Listen(streams, listeners...) })
		changes.Go(func() { a.services.Posts.PollForChanges(streams, posts.PollInterval) })
		changes.Go(func() { a.services.Posts.IndexForSearch(streams) })
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.boundConnections(listener)) }()
	a.log.InfoContext(ctx, "serving", "address", listener.Addr().String())
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-served:
	}
	grace := a.cfg.Server.ShutdownGrace.Value
	a.stopping.Store(true)
	a.log.InfoContext(ctx, "stopping", "grace", grace)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), draining(grace))
	defer cancel()
	jobsStopped := make(chan error, 1)
	go func() { jobsStopped <- a.jobs.Stop(context.WithoutCancel(ctx)) }()
	if failed == nil {
		select {
		case <-time.After(a.cfg.Server.ShutdownDelay.Value):
		case failed = <-served:
		}
	}
	endStreams()
	err = a.drain(drain, server)
	if failed == nil {
		failed = <-served
	}
	if errors.Is(failed, http.ErrServerClosed) {
		failed = nil
	}
	err = errors.Join(failed, err, <-jobsStopped)
	a.log.InfoContext(ctx, "stopped", "error", err)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// drain closes the listener, waits until no call is under way or ctx ends, and closes the connections. Its error tells how
// many calls were cut off.
func (a *App) drain(ctx context.Context, server *http.Server) error {
	shutdown, cancel := context.WithCancel(context.WithoutCancel(ctx))
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		_ = server.Shutdown(shutdown) // how it ended is told by the calls that are left
	}()
	defer func() {
		_ = server.Close() // what is left has no call under way, or is out of time
		cancel()
		<-idle
	}()
	underWay := a.services.InFlight
	for ctx.Err() == nil {
		underWay.Wait(ctx)
		select {
		case <-idle:
			return nil
		case <-time.After(parting):
		case <-ctx.Done():
		}
		if underWay.Count() == 0 {
			return nil
		}
	}
	cut := underWay.Count()
	if cut == 0 {
		return nil
	}
	_ = server.Close() // their contexts end with their connections
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutting(a.cfg.Server.ShutdownGrace.Value))
	defer cancel()
	underWay.Wait(end)
	return fmt.Errorf("calls that did not end within the grace of the stop were cut off: %d", cut)
}

// boundConnections bounds the connections that are open. That there are too many is logged once a minute.
func (a *App) boundConnections(listener net.Listener) net.Listener {
	most := a.cfg.Server.Connections.Value
	log := telemetry.Throttled(a.log, connectionsEvery, "")
	return limit.NewConnections(listener, most, a.metrics.ObserveConnections, func() {
		a.metrics.RefusedConnection()
		log.Warn("a connection was closed: as many are open as --server-connections allows", "open", most)
	})
}

func (a *App) httpServer(streams context.Context) (*http.Server, error) {
	routes := routes{paths: map[string]http.Handler{}, others: http.NotFoundHandler()}
	get := func(path string, handler http.Handler) { routes.paths[path] = onlyGet(handler) }
	get("/healthz", http.HandlerFunc(telemetry.Alive))
	get("/readyz", telemetry.Ready(a.readinessChecks()...))
	get("/metrics", a.metrics.Handler())
	if a.cfg.serves() {
		delay := rpc.NewDelay(streams)
		var err error
		if routes.others, err = a.api(streams, delay); err != nil {
			return nil, err
		}
		get(rpc.CallbackPath, rpc.NewCallback(a.Accounts, callTimeout, limit.NewAddresses(consentRate, time.Now),
			delay, a.services.InFlight, a.instrumentation()))
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // for gRPC clients; TLS is the proxy's in front
	return &http.Server{
		Handler:   rpc.NewConnections(a.cfg.Server.ClientAddressHeader, routes),
		Protocols: protocols,
		// Whatever is asked for, the request must come in and its answer leave. A stream gets other limits once its caller is known.
		ReadHeaderTimeout: min(
			readHeaderTimeout,
			a.onWire.request,
		),
		ReadTimeout:    a.onWire.request,
		WriteTimeout:   a.onWire.request,
		IdleTimeout:    idleTimeout,
		HTTP2:          &http.HTTP2Config{MaxConcurrentStreams: maxStreams, WriteByteTimeout: writeByteTimeout, SendPingTimeout: pingAfter},
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       serverLog(a.log),
	}, nil
}

// routes serve what is at a path, and hand on everything else: to the API, which has the words for what there is not. http.ServeMux
// redirects paths such as //x to where they might lead, with an answer as long as they are.
type routes struct {
	paths  map[string]http.Handler
	others http.Handler
}

// ServeHTTP implements http.Handler.
func (r routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if handler, there := r.paths[req.URL.Path]; there {
		handler.ServeHTTP(w, req)
		return
	}
	r.others.ServeHTTP(w, req)
}

// onlyGet answers any other request for what is there to be read.
func onlyGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, fmt.Sprintf("%s takes GET, not %s.", r.URL.Path, fault.Clip(r.Method, 20)), http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *App) api(streams context.Context, delay rpc.Delay) (http.Handler, error) {
	return rpc.NewHandler(streams, delay, rpc.Config{
		Timeout: callTimeout, MessageTimeout: a.onWire.message, Silence: a.onWire.silence, MaxRequestBytes: maxRequestBytes, MaxBatchBytes: maxBatchBytes,
		MaxStreams: a.cfg.Server.Streams.Value, StreamsPerOwner: a.cfg.Server.StreamsPerOwner.Value, Origins: a.cfg.Server.origins(),
	}, a.services, a.instrumentation())
}

func (a *App) instrumentation() rpc.Instrumentation {
	return rpc.Instrumentation{
		Log: a.log, Observe: a.metrics.ObserveCall, Refused: a.metrics.RefusedCall, Streams: a.metrics.ObserveStreams,
		Traces: a.traces.TracerProvider,
	}
}
