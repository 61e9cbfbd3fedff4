package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/postwright/postwright/internal/telemetry"
)

func TestMain(m *testing.M) {
	// What the machine's own collector asks for is not what is tested.
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") {
			_ = os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

// received are the spans that a collector was given, and under which service's name.
type received struct {
	collector.UnimplementedTraceServiceServer
	mu      sync.Mutex
	spans   []string
	service string
	header  string
}

func (r *received) keep(req *collector.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range req.GetResourceSpans() {
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				r.service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				r.spans = append(r.spans, span.GetName())
			}
		}
	}
}

// Export is the collector's method over gRPC.
func (r *received) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	r.keep(req)
	return &collector.ExportTraceServiceResponse{}, nil
}

// ServeHTTP is the same over HTTP.
func (r *received) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	message := &collector.ExportTraceServiceRequest{}
	if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(body, message) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.header = req.Header.Get("x-key")
	r.keep(message)
}

// oneSpan makes a span and closes the traces.
func oneSpan(t *testing.T, log *slog.Logger) (recorded bool, err error) {
	t.Helper()
	traces, err := telemetry.NewTraces(t.Context(), log)
	require.NoError(t, err)
	_, span := traces.Tracer("test").Start(t.Context(), "the span")
	recorded = span.IsRecording()
	span.End()
	return recorded, traces.Close()
}

func TestWithNothingSetNoSpanIsMade(t *testing.T) {
	recorded, err := oneSpan(t, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.False(t, recorded)
}

func TestTheLastSpansReachTheCollectorBeforeClosingEnds(t *testing.T) {
	over := map[string]func(t *testing.T, r *received) (endpoint string){
		"http/protobuf": func(t *testing.T, r *received) string {
			server := httptest.NewServer(r)
			t.Cleanup(server.Close)
			return server.URL
		},
		"grpc": func(t *testing.T, r *received) string {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			server := grpc.NewServer()
			collector.RegisterTraceServiceServer(server, r)
			ended := make(chan error, 1)
			go func() { ended <- server.Serve(listener) }()
			t.Cleanup(func() { server.Stop(); assert.NoError(t, <-ended) })
			return "http://" + listener.Addr().String()
		},
	}
	for protocol, start := range over {
		t.Run(protocol, func(t *testing.T) {
			r := &received{}
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", start(t, r))
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=value")
			require.Empty(t, telemetry.TracesFaults())
			recorded, err := oneSpan(t, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.True(t, recorded)
			require.Equal(t, []string{"the span"}, r.spans)
			require.Equal(t, "postwright", r.service)
			if protocol != "grpc" {
				require.Equal(t, "value", r.header, "OpenTelemetry's own variables count too")
			}
			t.Setenv("OTEL_SERVICE_NAME", "ours")
			_, err = oneSpan(t, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.Equal(t, "ours", r.service)
		})
	}
}

func TestTracesCanBeSwitchedOff(t *testing.T) {
	for name, off := range map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			t.Setenv(name, off)
			recorded, err := oneSpan(t, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.False(t, recorded)
		})
	}
}

func TestACollectorThatIsAwayHoldsNothingUpForLong(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	began := time.Now()
	recorded, err := oneSpan(t, slog.New(slog.DiscardHandler))
	require.True(t, recorded)
	require.Error(t, err, "it is said that the last spans are lost")
	require.Less(t, time.Since(began), 8*time.Second)
}

// It takes the five seconds that the last spans are given. That no goroutine is left is seen by TestMain.
func TestACollectorThatDoesNotAnswerHoldsNothingUpForLong(t *testing.T) {
	let := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(let) })
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	began := time.Now()
	_, err := oneSpan(t, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 8*time.Second)
}

func TestWhatIsWrongWithOTELIsNamedAtOnceWithoutItsValue(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "zipkin-hunter2")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json-hunter2")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "user:hunter2@collector")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:hunter2@collector:port")
	t.Setenv("OTEL_TRACES_SAMPLER", "sometimes-hunter2")
	faults := telemetry.TracesFaults()
	paths := []string{}
	for _, f := range faults {
		paths = append(paths, f.Path)
		require.NotContains(t, f.Problem, "hunter2")
	}
	require.ElementsMatch(t, []string{"OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_ENDPOINT",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_SAMPLER"}, paths)
}

func TestWhatOpenTelemetryCannotReadIsLoggedWithoutItsValue(t *testing.T) {
	server := httptest.NewServer(&received{})
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")
	var out bytes.Buffer
	_, err := oneSpan(t, logTo(&out))
	require.NoError(t, err)
	require.Contains(t, out.String(), "parse headers")
	require.NotContains(t, out.String(), "hunter2")
}
