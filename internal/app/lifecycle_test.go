package app_test

import (
	"log/slog"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
)

func TestStoppingEndsOpenStreamsAndLeavesNothingBehind(t *testing.T) {
	// Not parallel: goroutines of other tests would be taken for leaks.
	dbtest.New(t) // the test server's own goroutines are there before
	before := goleak.IgnoreCurrent()
	t.Run("a server with an open stream", func(t *testing.T) {
		w := newWorld(t)
		draft := w.UnderWay("queued")
		stop := w.Serve()
		stream, err := w.Posts.WatchPost(t.Context(), &postwrightv1.WatchPostRequest{Id: draft.GetId()})
		require.NoError(t, err)
		_, err = stream.Receive()
		require.NoError(t, err)

		require.NoError(t, stop())

		_, err = stream.Receive()
		require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err))
		require.NoError(t, stream.Close())
	})
	goleak.VerifyNone(t, before)
}

func TestServeRefusesADatabaseThatIsNotMigrated(t *testing.T) {
	t.Parallel()
	cfg := app.Defaults()
	cfg.Database.URL = app.Secret(dbtest.NewEmpty(t))
	_, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.True(t, fault.Is(err, fault.Precondition), "%v", err)
	require.Contains(t, fault.Of(err).Message, "postwright migrate up")
}

func TestEveryFaultOfTheConfigurationIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	cfg := app.Defaults()
	cfg.Server.Listen = "nowhere"
	cfg.Server.Origins = []string{"*"}
	cfg.LinkedIn.Version = "202612"
	cfg.Analysis.URL = "analysis"
	require.NoError(t, cfg.Jobs.MaxWorkers.UnmarshalText([]byte("many")))
	require.NoError(t, cfg.Outbound.AttemptTimeout.UnmarshalText([]byte("1h")))
	err := cfg.Verify()
	paths := []string{}
	for _, f := range fault.Of(err).Fields {
		paths = append(paths, f.Path)
	}
	require.Len(t, paths, 7, "%v", paths)
	require.Subset(t, paths, []string{"--listen", "--origins", "--database-url", "--analysis-url", "--jobs-max-workers", "--outbound-attempt-timeout"})
}

// Not parallel: these settings are OpenTelemetry's own, in the environment.
func TestAFaultOfTheOTELVariablesIsNamedWithTheOthers(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "zipkin")
	cfg := app.Defaults()
	cfg.Server.Listen = "nowhere"
	paths := []string{}
	for _, f := range fault.Of(cfg.Verify()).Fields {
		paths = append(paths, f.Path)
	}
	require.Subset(t, paths, []string{"--listen", "OTEL_TRACES_EXPORTER"})
}

func TestASecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	cfg := app.Defaults()
	cfg.Database.URL = "postgres://user:hunter2@host/db"
	for _, text := range []string{cfg.Database.URL.String(), cfg.Database.URL.GoString()} {
		require.NotContains(t, text, "hunter2")
	}
}
