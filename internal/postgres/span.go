package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postwright/postwright/internal/fault"
)

const tracerName = "github.com/postwright/postwright/internal/postgres"

// startSpan begins the span of an operation, where there is a trace that it belongs to: the traces of calls and jobs are
// what is of interest, not each look that a process takes by itself.
func startSpan(ctx context.Context, operation string) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, parent // of which nothing is kept, whatever is said to it
	}
	return parent.TracerProvider().Tracer(tracerName).Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("db.system.name", "postgresql"), attribute.String("db.operation.name", operation)))
}

// endSpan ends the span of an operation. Of an error it keeps the fault's kind and the SQLSTATE: texts and arguments may
// hold what users wrote.
func endSpan(span trace.Span, err, translated error) {
	if !span.IsRecording() {
		return
	}
	if failed(err) {
		kind := fault.Of(translated).Kind.String()
		span.SetStatus(codes.Error, kind)
		span.SetAttributes(attribute.String("error.type", kind))
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) {
			span.SetAttributes(attribute.String("db.response.status_code", pgErr.Code))
		}
	}
	span.End()
}

// failed reports whether an operation did: "no such row" is an answer.
func failed(err error) bool { return err != nil && !errors.Is(err, pgx.ErrNoRows) }
