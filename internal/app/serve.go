package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	consolefiles "github.com/postwright/postwright/gen/console"
	"github.com/postwright/postwright/internal/console"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/rpc"
	"github.com/postwright/postwright/internal/telemetry"
)

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
	server, err := a.httpServer(streams, listener.Addr())
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
		if GivenUp(ctx, err) {
			a.log.InfoContext(ctx, "told to stop before it served", "error", err)
			return nil
		}
		return err
	}
	changes.Go(func() { a.origin.Watch(streams) })
	var listeners []postgres.Listener
	if a.cfg.works() {
		listeners = append(listeners, a.Webhooks.Listener())
		changes.Go(func() { a.Webhooks.Run(streams) })
	}
	if a.cfg.serves() {
		listeners = append(listeners, a.services.Posts.Listener())
		if a.cache != nil {
			listeners = append(listeners, a.cache.Listener())
			changes.Go(func() { a.cache.Run(streams) })
		}
		changes.Go(func() { a.services.Posts.PollForChanges(streams, posts.PollInterval) })
		changes.Go(func() { a.services.Posts.IndexForSearch(streams) })
	}
	changes.Go(func() { a.store.Listen(streams, listeners...) })
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

// GivenUp reports whether a start ended with err because it was told to stop, and only because of that: what would have failed
// anyway has failed.
func GivenUp(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || fault.Is(err, fault.Canceled))
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

// mostConnections is how many connections may be open: as many as are set, or fewer where this process may not have as many files.
func (a *App) mostConnections() int {
	files, err := mayOpen()
	if err != nil { // nobody knows
		return a.cfg.Server.Connections.Value
	}
	return a.cfg.connectionsWithin(files)
}

// boundConnections bounds the connections that are open, and what is taken back on one. That there is too much is logged once a
// minute.
func (a *App) boundConnections(listener net.Listener) net.Listener {
	most := a.mostConnections()
	log := telemetry.Throttled(a.log, connectionsEvery, "")
	return limit.NewConnections(listener, most, limit.ConnectionObserver{
		Open: a.metrics.ObserveConnections,
		GivenUp: func() {
			a.metrics.RefusedConnection()
			log.Warn("a connection was closed: as many are open as may be, see --server-connections and ulimit -n", "open", most)
		},
		Resetter: func() {
			a.metrics.ResetConnection()
			log.Warn("a connection was closed: its client took back more calls than anybody has a use for")
		},
	})
}

func (a *App) httpServer(streams context.Context, at net.Addr) (*http.Server, error) {
	routes := routes{paths: map[string]http.Handler{}, others: http.NotFoundHandler()}
	get := func(path string, handler http.Handler) { routes.paths[path] = onlyGet(handler) }
	get("/healthz", http.HandlerFunc(telemetry.Alive))
	get("/readyz", telemetry.Ready(a.readinessChecks()...))
	get("/metrics", a.metrics.Handler())
	if a.cfg.serves() {
		delay := rpc.NewDelay(streams, a.mostConnections()/delayedPart)
		var err error
		if routes.others, err = a.api(streams, delay, a.cookies(at)); err != nil {
			return nil, err
		}
		if routes.console, err = console.NewHandler(consolefiles.Files); err != nil {
			return nil, err
		}
		get(rpc.CallbackPath, rpc.NewCallback(a.Accounts, callTimeout, limit.NewAddresses(consentRate, time.Now),
			delay, a.services.InFlight, a.instrumentation()))
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // for gRPC clients; TLS is the proxy's in front
	return &http.Server{
		Handler:     rpc.NewConnections(a.cfg.Server.ClientAddressHeader, mostHeaderBytes, routes),
		ConnContext: limit.WithConnection,
		Protocols:   protocols,
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

// routes serve what is at a path, and what is the console's, and hand on everything else: to the API, which has the words for what
// there is not. http.ServeMux redirects paths such as //x to where they might lead, with an answer as long as they are.
type routes struct {
	paths   map[string]http.Handler
	console *console.Handler // nil where there is none
	others  http.Handler
}

// ServeHTTP implements http.Handler.
func (r routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if handler, there := r.paths[req.URL.Path]; there {
		handler.ServeHTTP(w, req)
		return
	}
	if r.console.Takes(req) {
		r.console.ServeHTTP(w, req)
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

func (a *App) api(streams context.Context, delay rpc.Delay, cookies rpc.Cookies) (http.Handler, error) {
	return rpc.NewHandler(streams, delay, rpc.Config{
		Timeout: callTimeout, MessageTimeout: a.onWire.message, Silence: a.onWire.silence, MaxRequestBytes: maxRequestBytes, MaxBatchBytes: maxBatchBytes,
		MaxStreams: a.cfg.Server.Streams.Value, StreamsPerOwner: a.cfg.Server.StreamsPerOwner.Value, Origins: a.cfg.Server.origins(),
		Cookies: cookies,
	}, a.services, a.instrumentation())
}

func (a *App) instrumentation() rpc.Instrumentation {
	return rpc.Instrumentation{
		Log: a.log, Observe: a.metrics.ObserveCall, Refused: a.metrics.RefusedCall, Streams: a.metrics.ObserveStreams,
		Traces: a.traces.TracerProvider,
	}
}
