package outbound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postwright/postwright/internal/fault"
)

const tracerName = "github.com/postwright/postwright/internal/outbound"

// startSpan begins the span of one attempt, where there is a trace that it belongs to. The vendor is not told of the trace.
func startSpan(ctx context.Context, x *exchange, host string, number int) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, parent // of which nothing is kept, whatever is said to it
	}
	return parent.TracerProvider().Tracer(tracerName).Start(ctx, x.vendor+" "+x.operation, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("vendor", x.vendor), attribute.String("operation", x.operation),
			attribute.String("server.address", host), attribute.Int("attempt", number)))
}

// endSpan ends the span of an attempt. Of a failure it keeps the status and the fault's kind: texts may hold what users
// wrote, or a token.
func endSpan(span trace.Span, x *exchange) {
	if !span.IsRecording() {
		return
	}
	if x.status != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", x.status))
	}
	if x.unsuccessful() {
		kind := "status"
		if cause := x.failure(); cause != nil {
			kind = fault.Of(cause).Kind.String()
		}
		span.SetStatus(codes.Error, kind)
		span.SetAttributes(attribute.String("error.type", kind))
	}
	span.End()
}
