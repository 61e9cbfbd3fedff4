package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/internal/fault"
)

// The variables of the OpenTelemetry specification that are read here. Those of the exporter (headers, certificates,
// compression, time-out), of the batches (OTEL_BSP_…) and of the resource are read by OpenTelemetry itself.
const (
	envDisabled       = "OTEL_SDK_DISABLED"
	envExporter       = "OTEL_TRACES_EXPORTER"
	envEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	envSampler        = "OTEL_TRACES_SAMPLER"
)

const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

var samplers = []string{
	"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
}

// exports reports whether spans go anywhere. Other than the specification has it, nobody is called who was not named: no
// collector on this machine is taken for granted.
func exports() bool {
	if strings.EqualFold(os.Getenv(envDisabled), "true") {
		return false
	}
	if exporter := os.Getenv(envExporter); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv(envEndpoint) != "" || os.Getenv(envTracesEndpoint) != ""
}

// TracesFaults lists what is wrong with the OTEL_ variables, each under its name and without its value, which may hold a
// password.
func TracesFaults() []fault.Field {
	var faults []fault.Field
	known := func(name string, values ...string) {
		if value := os.Getenv(name); value != "" && !slices.Contains(values, strings.ToLower(strings.TrimSpace(value))) {
			faults = append(faults, fault.Field{Path: name, Problem: "must be one of " + strings.Join(values, ", ")})
		}
	}
	known(envExporter, "otlp", "none")
	known(envProtocol, protocolHTTP, protocolGRPC)
	known(envTracesProtocol, protocolHTTP, protocolGRPC)
	known(envSampler, samplers...)
	for _, name := range []string{envEndpoint, envTracesEndpoint} {
		value := os.Getenv(name)
		u, err := url.Parse(value)
		if value != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
			faults = append(faults, fault.Field{Path: name, Problem: "must be a URL such as http://127.0.0.1:4318"})
		}
	}
	return faults
}

// Traces makes spans and brings them to where OTEL_* says. With nothing set it makes none and costs nothing.
type Traces struct {
	trace.TracerProvider
	stop func() error // nil when nothing is exported
}

// NewTraces begins to export spans, where that is asked for. The collector need not answer: what can't be delivered is
// dropped and logged. Close it after use.
func NewTraces(ctx context.Context, log *slog.Logger) (*Traces, error) {
	if !exports() {
		return &Traces{TracerProvider: noop.NewTracerProvider()}, nil
	}
	reports := &otelReports{log: log}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { reports.failed(err.Error()) }))
	otel.SetLogger(logr.New(reports))
	exporter, err := newExporter(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the exporter of traces: %w", err)
	}
	// The last wins: what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say. No detector of the process: its command line
	// may hold a secret.
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "postwright"), attribute.String("service.version", ReadBuild().Version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		reports.failed("OTEL_RESOURCE_ATTRIBUTES is not all of the form name=value,…")
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return &Traces{TracerProvider: provider, stop: func() error {
		flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		err := provider.ForceFlush(flush)
		// Time of its own: with none left, the provider would not even end its goroutine. The exporter goes first, so that
		// what a collector still holds up ends too.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		return errors.Join(err, exporter.Shutdown(end), provider.Shutdown(end))
	}}, nil
}

func newExporter(ctx context.Context) (sdktrace.SpanExporter, error) {
	protocol := os.Getenv(envTracesProtocol)
	if protocol == "" {
		protocol = os.Getenv(envProtocol)
	}
	if strings.EqualFold(strings.TrimSpace(protocol), protocolGRPC) {
		return otlptrace.New(ctx, otlptracegrpc.NewClient())
	}
	return otlptrace.New(ctx, otlptracehttp.NewClient())
}

// flushTimeout bounds how long the last spans may take to their collector, endTimeout how long the export may take to end.
const (
	flushTimeout = 5 * time.Second
	endTimeout   = time.Second
)

// Close delivers the last spans and ends the export. What could not be delivered in time is in the error.
func (t *Traces) Close() error {
	if t.stop == nil {
		return nil
	}
	return t.stop()
}

// otelReports logs what OpenTelemetry has to say about itself: one line a minute, because a collector that is away fails
// every batch. It is a logr.LogSink too, and drops the values that come with a message: they may be headers' secrets.
type otelReports struct {
	log *slog.Logger

	mu   sync.Mutex
	last time.Time
}

const reportEvery = time.Minute

func (r *otelReports) failed(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.last) < reportEvery {
		return
	}
	r.last = time.Now()
	r.log.Warn("traces not exported as asked", "error", what)
}

// Init implements logr.LogSink.
func (*otelReports) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink: only errors are of interest.
func (*otelReports) Enabled(int) bool { return false }

// Info implements logr.LogSink.
func (*otelReports) Info(int, string, ...any) {}

// Error implements logr.LogSink. The error is left out like the values: it may repeat them.
func (r *otelReports) Error(_ error, message string, _ ...any) { r.failed(message) }

// WithValues implements logr.LogSink.
func (r *otelReports) WithValues(...any) logr.LogSink { return r }

// WithName implements logr.LogSink.
func (r *otelReports) WithName(string) logr.LogSink { return r }
