package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/telemetry"
)

// callContext is what a job carries of the call that it comes from, in its metadata: traceparent and tracestate of W3C's Trace
// Context, and request_id.
type callContext = propagation.MapCarrier

const requestIDKey = "request_id"

var traceContext propagation.TraceContext

// attachCallContext gives jobs the trace and the request id of the context they are inserted in.
func attachCallContext(
	ctx context.Context, params []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error),
) ([]*rivertype.JobInsertResult, error) {
	from := callContext{}
	traceContext.Inject(ctx, from)
	if id := telemetry.RequestID(ctx); id != "" {
		from[requestIDKey] = id
	}
	if len(from) == 0 {
		return insert(ctx)
	}
	for _, p := range params {
		if err := addTo(p, from); err != nil {
			return nil, fmt.Errorf("write the metadata of the job %s: %w", p.Kind, err)
		}
	}
	return insert(ctx)
}

// addTo keeps what River itself wrote into the metadata.
func addTo(p *rivertype.JobInsertParams, from callContext) error {
	metadata := map[string]json.RawMessage{}
	if len(p.Metadata) > 0 {
		if err := json.Unmarshal(p.Metadata, &metadata); err != nil {
			return err
		}
	}
	for key, value := range from {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		metadata[key] = text
	}
	var err error
	p.Metadata, err = json.Marshal(metadata)
	return err
}

// callContextOf reads what attachCallContext wrote. Metadata that can't be read tells nothing.
func callContextOf(job *rivertype.JobRow) callContext {
	var metadata map[string]any
	_ = json.Unmarshal(job.Metadata, &metadata)
	from := callContext{}
	for _, key := range append(traceContext.Fields(), requestIDKey) {
		if value, is := metadata[key].(string); is {
			from[key] = value
		}
	}
	return from
}

// runObserver is around every run of a job: it goes on with the trace of the call that the job comes from, names the job in
// every line, keeps a panic from being a mere line of River's, and logs how the run ended, once.
type runObserver struct {
	river.MiddlewareDefaults
	tracer trace.Tracer
	now    func() time.Time
	log    *slog.Logger
}

// Work implements rivertype.WorkerMiddleware.
func (w *runObserver) Work(ctx context.Context, job *rivertype.JobRow, run func(context.Context) error) (err error) {
	from := callContextOf(job)
	ctx = telemetry.LogWith(ctx, slog.String("job", job.Kind), slog.Int64("job_id", job.ID))
	if id := from[requestIDKey]; id != "" {
		ctx = telemetry.WithRequestID(ctx, id)
	}
	ctx, span := w.tracer.Start(traceContext.Extract(ctx, from), "job "+job.Kind, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attribute.String("job.kind", job.Kind), attribute.Int64("job.id", job.ID), attribute.Int("job.attempt", job.Attempt)))
	defer span.End()
	began := w.now()
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "").WithCause(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
		w.logRun(ctx, job, w.now().Sub(began), err)
		if failed(err) {
			kind := fault.Of(err).Kind.String() // no more: the text may hold what users wrote
			span.SetStatus(codes.Error, kind)
			span.SetAttributes(attribute.String("error.type", kind))
		}
	}()
	return run(ctx)
}

// failed reports whether a run did: a job that sleeps is not done, and not failed.
func failed(err error) bool {
	var sleeps *rivertype.JobSnoozeError
	return err != nil && !errors.As(err, &sleeps)
}

func (w *runObserver) logRun(ctx context.Context, job *rivertype.JobRow, took time.Duration, err error) {
	attributes := []slog.Attr{slog.Int("attempt", job.Attempt), slog.Duration("duration", took)}
	switch {
	case err == nil:
		w.log.LogAttrs(ctx, slog.LevelDebug, "job done", attributes...)
	case !failed(err):
		w.log.LogAttrs(ctx, slog.LevelDebug, "job waits", attributes...)
	case job.Attempt >= job.MaxAttempts:
		w.log.LogAttrs(ctx, slog.LevelError, "job given up", append(attributes, slog.Any("error", err))...)
	case fault.Of(err).Kind == fault.Internal:
		w.log.LogAttrs(ctx, slog.LevelError, "job failed, is tried again", append(attributes, slog.Any("error", err))...)
	default:
		w.log.LogAttrs(ctx, slog.LevelWarn, "job failed, is tried again", append(attributes, slog.Any("error", err))...)
	}
}
