package outbound

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Every attempt is a span of the call's trace; the vendor hears nothing of the trace, and the span holds no text.
func TestEveryAttemptIsASpan(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			t.Error("the vendor is told of the trace")
		}
		if sent.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	spans := tracetest.NewSpanRecorder()
	ctx, call := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test").Start(t.Context(), "call")
	seam, _ := newSeam(t, Defaults(), thrice(Always))

	_, _, err := send(ctx, seam, http.MethodPost, server.URL)

	require.NoError(t, err)
	call.End()
	ended := spans.Ended()
	require.Len(t, ended, 3)
	for i, attempt := range ended[:2] {
		require.Equal(t, "linkedin createPost", attempt.Name())
		require.Equal(t, call.SpanContext().SpanID(), attempt.Parent().SpanID())
		require.Contains(t, attempt.Attributes(), attribute.Int("attempt", i+1))
		for _, a := range attempt.Attributes() {
			require.NotContains(t, a.Value.String(), "the text")
			require.NotContains(t, a.Value.String(), "the-secret-token")
		}
	}
	require.Equal(t, codes.Error, ended[0].Status().Code)
	require.Contains(t, ended[0].Attributes(), attribute.Int("http.response.status_code", 503))
	require.Equal(t, codes.Unset, ended[1].Status().Code)
}

func TestWithoutATraceThereIsNoSpan(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())
	_, _, err := send(t.Context(), seam, http.MethodPost, server.URL)
	require.NoError(t, err)
}
