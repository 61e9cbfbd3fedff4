// Package rpc is the edge to the callers: it turns messages into the inputs of use cases, and their results and faults into
// answers. No other package of the server knows connect.
//
// Handlers map, call, and map; they hold no rule, no SQL and no vendor. Every handler goes through unary or accept: nothing else
// holds a request against the rules.
package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	connectv1 "connectrpc.com/connect"
	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	connectcors "connectrpc.com/cors"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect/v2"
	"connectrpc.com/otelconnect"
	"github.com/google/uuid"
	"github.com/rs/cors"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/queue"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/signin"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/versions"
	"github.com/postwright/postwright/internal/webhooks"
)

// Config bounds the calls.
type Config struct {
	// Timeout bounds a call that is not a stream; a caller may ask for less.
	Timeout time.Duration
	// MessageTimeout bounds how long a message of a stream may take to leave.
	MessageTimeout time.Duration
	// Silence is how long a stream says nothing at most.
	Silence time.Duration
	// MaxRequestBytes bounds a message, compressed or not, and MaxBatchBytes one that holds a batch.
	MaxRequestBytes, MaxBatchBytes int
	// MaxStreams is how many streams may be open before owners are held to an equal part of them; StreamsPerOwner is how
	// many one owner may have in any case.
	MaxStreams, StreamsPerOwner int
	// Origins are the web origins whose pages may call, exactly as browsers send them: https://app.example.org.
	Origins []string
	// Cookies are those of people who are signed in.
	Cookies Cookies
}

// maxKeylessBytes bounds a message of health and reflection, which ask for no key: names.
const maxKeylessBytes = 4 << 10

// maxBytes bounds a message to a procedure.
func (c Config) maxBytes(procedure string) int {
	switch {
	case procedure == postwrightv1connect.PostServiceBatchCreatePostsProcedure, procedure == postwrightv1connect.PostServiceBatchPublishPostsProcedure:
		return c.MaxBatchBytes
	case strings.HasPrefix(procedure, "/grpc."):
		return maxKeylessBytes
	case signsIn(procedure):
		return maxSignInBytes
	}
	return c.MaxRequestBytes
}

// minCompressedBytes is from which size on answers are compressed: smaller ones gain nothing.
const minCompressedBytes = 1 << 10

// Services are the use cases behind the API.
type Services struct {
	Posts        *posts.Service
	Publishing   *publishing.Service
	Analysis     *analysis.Service
	Analytics    *analytics.Service
	Versions     *versions.Service
	Accounts     *accounts.Service
	Notify       *notify.Service
	Queue        *queue.Service
	Browsers     *notify.Browsers
	PushReach    reach.Reach // where push services may be
	Webhooks     *webhooks.Service
	WebhookReach reach.Reach // where endpoints may be
	SignIn       *signin.Service
	Status       func(ctx context.Context, owner uuid.UUID) status.Report
	// Identify says whose a call is.
	Identify func(ctx context.Context, proof identity.Proof) (identity.Access, error)
	// Callers says who may call now.
	Callers *limit.Callers
	// InFlight counts the calls that a stop waits for.
	InFlight *InFlight
}

// Instrumentation is what watches the calls: logs, metrics and traces.
type Instrumentation struct {
	// Log gets one line per call; per call without a key at debug.
	Log *slog.Logger
	// Observe learns of every call that ended; code is "ok" or the name of connect's code. It must not block.
	Observe func(procedure, code string, took time.Duration)
	// Streams learns of every stream that opens, 1, and that ends, -1. It must not block.
	Streams func(change int)
	// Refused learns of every call that a limit refused, and of the limit's reason. It must not block.
	Refused func(reason string)
	// Traces makes the span of each call. A caller's own trace goes on in it: a proxy that faces strangers must drop their
	// traceparent.
	Traces trace.TracerProvider
}

// NewHandler serves the API: connect, gRPC and gRPC-Web, reflection, gRPC health. stopping ends when the server is about
// to stop; open streams end with it. It belongs inside NewConnections, and in a server that bounds how long a whole request
// may take. delay is when its refusals are told.
func NewHandler(stopping context.Context, delay Delay, cfg Config, services Services, instruments Instrumentation) (http.Handler, error) {
	traced, err := newTraced(instruments.Traces)
	if err != nil {
		return nil, fmt.Errorf("trace the calls: %w", err)
	}
	observer := newObserver(instruments)
	server := connect.NewServer(
		traced,
		observer.intercept,
		limitTime(cfg.Timeout),
		boundKeyless,
		authenticate(services.Callers, delay, cfg.Cookies, services.Identify),
		newStreams(cfg.MaxStreams, cfg.StreamsPerOwner, instruments.Streams).intercept,
		boundStreams(cfg.MessageTimeout),
		services.InFlight.count,
		newIntake(cfg).intercept,
		takeIdempotencyKey,
	)
	postwrightv1connect.RegisterPostServiceHandler(
		server,
		newPostHandler(services, cfg.Silence, cfg.Timeout),
	)
	postwrightv1connect.RegisterAnalysisServiceHandler(server, analysisHandler{services.Analysis, services.Analytics})
	postwrightv1connect.RegisterAccountServiceHandler(server, accountHandler{accounts: services.Accounts})
	postwrightv1connect.RegisterNotificationServiceHandler(
		server,
		notificationHandler{notify: services.Notify, browsers: services.Browsers, reach: services.PushReach},
	)
	postwrightv1connect.RegisterQueueServiceHandler(server, queueHandler{queue: services.Queue, publishing: services.Publishing})
	postwrightv1connect.RegisterWebhookServiceHandler(server, webhookHandler{webhooks: services.Webhooks, reach: services.WebhookReach})
	postwrightv1connect.RegisterSystemServiceHandler(server, systemHandler{status: services.Status})
	postwrightv1connect.RegisterSessionServiceHandler(server, sessionHandler{signIn: services.SignIn, cookies: cfg.Cookies, callers: services.Callers})
	var names []string
	streams, methods := map[string]bool{}, healthMethods()
	for spec := range server.Specs() {
		service, _, _ := strings.Cut(strings.TrimPrefix(spec.Procedure, "/"), "/")
		if !slices.Contains(names, service) {
			names = append(names, service)
		}
		streams[spec.Procedure] = spec.StreamType != connect.StreamTypeUnary
	}
	grpcreflect.Register(server)
	for spec := range server.Specs() {
		methods[spec.Procedure] = method{
			stream: spec.StreamType, read: spec.StreamType == connect.StreamTypeUnary && spec.IdempotencyLevel == connect.IdempotencyNoSideEffects,
		}
	}
	procedures := byPath{}
	connecthttp.Mount(procedures, server, connecthttp.WithCodecs(newBoundedBinary(), newStrictJSON()),
		connecthttp.WithConditionalOptions(func(spec connect.Spec) []connecthttp.Option {
			return []connecthttp.Option{connecthttp.WithReadMaxBytes(cfg.maxBytes(spec.Procedure))}
		}), connecthttp.WithCompressMinBytes(minCompressedBytes))
	// It is made with the first generation of connect, which sets no limit by itself.
	_, health := grpchealth.NewHandler(grpchealth.NewStaticChecker(names...), connectv1.WithReadMaxBytes(maxKeylessBytes))
	for name := range healthMethods() {
		procedures.Handle(name, endSilent(cfg.Silence, health))
	}
	refuse := func(ctx context.Context, procedure string, err error) *connect.Error {
		if _, known := methods[procedure]; !known { // a path, of which callers think up as many as they like
			procedure = noMethod
		}
		return observer.conclude(ctx, endedCall{procedure: procedure, requestID: uuid.NewString(), err: err})
	}
	served := limitKeyless(delay, refuse, endWith(stopping, streams, procedures))
	guarded, err := guardCookies(cfg.Cookies, delay, refuse, served)
	if err != nil {
		return nil, err
	}
	calls := refuseWrongCalls(methods, delay, instruments.Observe, guarded)
	return allowOrigins(cfg.Origins, limitArrivals(cfg.Timeout, refuse, calls)), nil
}

// byPath serves procedures by their whole path, which takes a twentieth of what a search for patterns does. What is at no path
// never gets here: refuseWrongCalls answers it.
type byPath map[string]http.Handler

// Handle implements connecthttp.ServeMux.
func (p byPath) Handle(path string, handler http.Handler) { p[path] = handler }

// ServeHTTP implements http.Handler.
func (p byPath) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler, there := p[r.URL.Path]; there {
		handler.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// newTraced makes the span of each call. It keeps procedure and code of a call, and of a failure the words that the caller gets;
// no header and no address. Where no spans are made, only a caller's own trace is carried on, which lines of the log name; what
// would be made for nothing is a tenth of a call.
func newTraced(traces trace.TracerProvider) (connect.ServerInterceptor, error) {
	_, off := traces.(noop.TracerProvider)
	return otelconnect.NewServerInterceptor(otelconnect.WithTracerProvider(traces),
		otelconnect.WithPropagator(propagation.TraceContext{}), otelconnect.WithTrustRemote(), otelconnect.WithoutMetrics(),
		otelconnect.WithFilter(func(ctx context.Context, _ connect.Spec) bool {
			info, there := connect.CallInfoForServerContext(ctx)
			return !off || there && info.RequestHeader().Has("Traceparent")
		}))
}

// allowOrigins lets pages of the named origins call.
func allowOrigins(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: connectcors.AllowedMethods(),
		AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", requestIDHeader, idempotencyKeyHeader),
		ExposedHeaders: append(connectcors.ExposedHeaders(), requestIDHeader, retryAfterHeader, limitHeader, remainingHeader, resetHeader),
		MaxAge:         int((2 * time.Hour).Seconds()), // the longest that browsers take
	}).Handler(next)
}
