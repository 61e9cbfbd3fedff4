package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/postwright/postwright/internal/telemetry"
)

// traced is a context of a trace.
func traced(t *testing.T) (ctx context.Context, traceID string) {
	t.Helper()
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	id, err := trace.TraceIDFromHex(traceID)
	require.NoError(t, err)
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}})), traceID
}

func TestALineSaysInWhichCallAndTraceItWasMade(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo, true).With("component", "x")
	ctx, traceID := traced(t)
	ctx = telemetry.LogWith(telemetry.WithRequestID(ctx, "req-1"), slog.String("job", "publish_post"))
	log.InfoContext(ctx, "said")
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	for key, value := range map[string]any{"msg": "said", "component": "x", "request_id": "req-1", "job": "publish_post", "trace_id": traceID} {
		require.Equal(t, value, line[key], key)
	}
	require.Equal(t, "req-1", telemetry.RequestID(ctx))
}

func TestALineOutsideOfCallsSaysNothingOfOne(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	telemetry.NewLogger(&out, slog.LevelInfo, false).InfoContext(t.Context(), "said")
	require.NotContains(t, out.String(), "request_id")
	require.NotContains(t, out.String(), "trace_id")
}

func TestWhatOneContextSaysDoesNotReachItsSiblings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo, false)
	parent := telemetry.LogWith(t.Context(), slog.String("a", "1"))
	_ = telemetry.LogWith(parent, slog.String("b", "2"))
	log.InfoContext(telemetry.LogWith(parent, slog.String("c", "3")), "said")
	require.Contains(t, out.String(), "a=1 c=3")
	require.NotContains(t, out.String(), "b=2")
}

func TestTheLeastLevelStaysWithLoggersMadeFromIt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.AtLeast(telemetry.NewLogger(&out, slog.LevelDebug, false), slog.LevelWarn)
	for _, l := range []*slog.Logger{log, log.With("a", 1), log.WithGroup("g")} {
		l.InfoContext(t.Context(), "dropped")
		l.WarnContext(t.Context(), "kept")
	}
	require.NotContains(t, out.String(), "dropped")
	require.Equal(t, 3, bytes.Count(out.Bytes(), []byte("kept")))
}
