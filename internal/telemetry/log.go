package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger returns a logger that writes to w: JSON for machines, or text for people. A line made with the context of a
// call or a job says which: what LogWith gave the context, and the trace's id where there is one.
func NewLogger(w io.Writer, level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(contextHandler{slog.NewJSONHandler(w, options)})
	}
	return slog.New(contextHandler{slog.NewTextHandler(w, options)})
}

type logKey struct{}

// logged is what a context tells the lines that are made with it.
type logged struct {
	requestID  string
	attributes []slog.Attr
}

func loggedIn(ctx context.Context) logged {
	if known, there := ctx.Value(logKey{}).(*logged); there {
		return *known
	}
	return logged{}
}

// LogWith returns a context whose every line of a NewLogger has the attributes, after those it had before. They must
// hold no secret and nothing a user wrote.
func LogWith(ctx context.Context, attributes ...slog.Attr) context.Context {
	known := loggedIn(ctx)
	known.attributes = slices.Concat(known.attributes, attributes)
	return context.WithValue(ctx, logKey{}, &known)
}

// contextHandler adds to each line what its context knows: the attributes of LogWith, and the trace.
type contextHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h contextHandler) Handle(ctx context.Context, line slog.Record) error {
	if known, there := ctx.Value(logKey{}).(*logged); there {
		line.AddAttrs(known.attributes...)
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		line.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h contextHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attributes)}
}

// WithGroup implements slog.Handler.
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name)}
}

// AtLeast returns a logger that drops what is below level, and what log drops.
func AtLeast(log *slog.Logger, level slog.Level) *slog.Logger {
	return slog.New(atLeast{log.Handler(), level})
}

type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h atLeast) WithAttrs(attributes []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attributes), h.level}
}

// WithGroup implements slog.Handler.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

// WithRequestID returns a context of the call that has the request id: every line of a NewLogger says it.
func WithRequestID(ctx context.Context, id string) context.Context {
	known := loggedIn(ctx)
	known.requestID, known.attributes = id, slices.Concat(known.attributes, []slog.Attr{slog.String("request_id", id)})
	return context.WithValue(ctx, logKey{}, &known)
}

// RequestID is the request id of the call that the context belongs to, or comes from; "" without one.
func RequestID(ctx context.Context) string { return loggedIn(ctx).requestID }
