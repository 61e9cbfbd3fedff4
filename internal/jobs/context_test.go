package jobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/telemetry"
)

// args is a job that does what the test says.
type args struct {
	Does string `json:"does"`
}

func (args) Kind() string { return "test_job" }

func (args) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

type worker struct {
	river.WorkerDefaults[args]
	log *slog.Logger
	ran chan context.Context
}

func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	w.log.InfoContext(ctx, "working")
	defer func() { w.ran <- ctx }()
	switch job.Args.Does {
	case "fails":
		return fault.New(fault.Unavailable, "The database can't be reached at the moment: try again.")
	case "panics":
		panic("a defect")
	case "sleeps":
		return river.JobSnooze(time.Hour)
	}
	return nil
}

// lines are what was logged, safe to read while more comes.
type lines struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

// with returns the lines that contain a text.
func (l *lines) with(text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.out.String()) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// run inserts one job from a call with a trace and the request id req-1, and works it once.
func run(t *testing.T, does string) (out *lines, spans *tracetest.SpanRecorder, ran context.Context) {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	out, spans = &lines{}, tracetest.NewSpanRecorder()
	log := telemetry.NewLogger(out, slog.LevelDebug, false)
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, log)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	client, err := jobs.New(
		store,
		jobs.Config{MaxWorkers: 1, Timeout: time.Minute, RescueAfter: time.Hour, SoftStop: 10 * time.Second, HardStop: 10 * time.Second},
		tracer,
		time.Now,
		log,
	)
	require.NoError(t, err)
	w := &worker{log: log, ran: make(chan context.Context, 1)}
	river.AddWorker(client.Workers(), w)
	call, span := tracer.Start(telemetry.WithRequestID(t.Context(), "req-1"), "call")
	require.NoError(t, store.InTx(call, func(tx *postgres.Tx) error { return client.Insert(call, tx, args{Does: does}) }))
	span.End()
	require.NoError(t, client.Start(t.Context()))
	ran = <-w.ran
	require.NoError(t, client.Stop(t.Context()))
	return out, spans, ran
}

func TestAJobGoesOnWithTheTraceAndTheRequestOfTheCallThatInsertedIt(t *testing.T) {
	t.Parallel()
	out, spans, ran := run(t, "ends")
	call, job := spans.Ended()[0], spans.Ended()[len(spans.Ended())-1]
	for _, s := range spans.Ended() {
		if s.Name() == "call" {
			call = s
		}
	}
	require.Equal(t, "job test_job", job.Name())
	require.Equal(t, call.SpanContext().TraceID(), job.SpanContext().TraceID())
	require.Equal(t, call.SpanContext().SpanID(), job.Parent().SpanID())
	require.Equal(t, codes.Unset, job.Status().Code)
	require.Equal(t, "req-1", telemetry.RequestID(ran), "what it inserts carries it on")
	working := out.with("msg=working")
	require.Len(t, working, 1)
	for _, says := range []string{"request_id=req-1", "trace_id=" + call.SpanContext().TraceID().String(), "job=test_job", "job_id=1"} {
		require.Contains(t, working[0], says)
	}
	require.Len(t, out.with("job done"), 1)
}

func TestAJobThatFailsIsLoggedOnceInOurWords(t *testing.T) {
	t.Parallel()
	for does, c := range map[string]struct{ cause, message, level, status string }{
		"fails":  {"The database can't be reached", "job given up", "level=ERROR", "unavailable"},
		"panics": {"a defect", "job given up", "level=ERROR", "internal"},
	} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			out, spans, _ := run(t, does)
			told := out.with(c.cause)
			require.Len(t, told, 1, "%v", told)
			for _, says := range []string{c.message, c.level, "request_id=req-1", "attempt=1", "job=test_job"} {
				require.Contains(t, told[0], says)
			}
			span := spans.Ended()[len(spans.Ended())-1]
			require.Equal(t, codes.Error, span.Status().Code)
			require.Equal(t, c.status, span.Status().Description, "the kind, and nothing of the text")
		})
	}
}

func TestAJobThatWaitsHasNotFailed(t *testing.T) {
	t.Parallel()
	out, spans, _ := run(t, "sleeps")
	require.Len(t, out.with("job waits"), 1)
	require.Empty(t, out.with("level=WARN"))
	require.Empty(t, out.with("level=ERROR"))
	require.Equal(t, codes.Unset, spans.Ended()[len(spans.Ended())-1].Status().Code)
}
