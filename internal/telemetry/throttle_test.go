package telemetry_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/telemetry"
)

func TestASparingLoggerSaysTheSameOnceInAWhile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.Throttled(slog.New(slog.NewTextHandler(&out, nil)), time.Minute, "job_id")
	began := time.Now()
	say := func(log *slog.Logger, after time.Duration, message string, attributes ...slog.Attr) string {
		out.Reset()
		line := slog.NewRecord(began.Add(after), slog.LevelError, message, 0)
		line.AddAttrs(attributes...)
		require.NoError(t, log.Handler().Handle(t.Context(), line))
		return out.String()
	}
	require.NotContains(t, say(log, 0, "away"), "spared")
	require.Empty(t, say(log, time.Second, "away"))
	require.Empty(t, say(log.With("queue", "default"), 59*time.Second, "away"), "a logger made from it")
	require.Contains(t, say(log, 2*time.Second, "something else"), "something else")
	require.Contains(t, say(log, time.Minute, "away"), "spared=2")
	require.Empty(t, say(log, 61*time.Second, "away"), "a minute begins with what was said")
	require.NotContains(t, say(log, 3*time.Minute, "something else"), "spared")
	for id := range int64(3) {
		require.NotEmpty(t, say(log, time.Second, "failed", slog.Int64("job_id", id)), "each job by itself")
	}
	for n := range 1_000 {
		require.NotEmpty(t, say(log, time.Second, fmt.Sprintf("message %d", n)), "what is not kept in mind is said")
	}
}
