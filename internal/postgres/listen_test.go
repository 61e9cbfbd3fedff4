package postgres_test

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

// ear is a listener that keeps what it is told, in order; "missed" is one of the things.
type ear struct {
	postgres.Listener
	told chan string
}

func newEar(channel string) ear {
	told := make(chan string, 100)
	return ear{told: told, Listener: postgres.Listener{
		Channel: channel, Heard: func(payload string) { told <- payload }, Missed: func() { told <- "missed" },
	}}
}

// listen serves ears until the test ends or stop is called, which waits for it.
func listen(t *testing.T, store *postgres.Store, ears ...ear) (stop func()) {
	t.Helper()
	var listeners []postgres.Listener
	for _, e := range ears {
		listeners = append(listeners, e.Listener)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var group sync.WaitGroup
	group.Go(func() { store.Listen(ctx, listeners...) })
	stop = func() {
		cancel()
		group.Wait()
	}
	t.Cleanup(stop)
	return stop
}

func announce(t *testing.T, store *postgres.Store, channel string, payloads ...string) {
	t.Helper()
	for _, payload := range payloads {
		_, err := store.Exec(t.Context(), "SELECT pg_notify($1, $2)", channel, payload)
		require.NoError(t, err)
	}
}

func TestAListenerHearsItsChannelInOrder(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t))
	store.SetListenSilence(time.Hour) // LISTEN is the last that it said
	one, other := newEar("one"), newEar("other channel")
	listen(t, store, one, other)
	require.Equal(t, "missed", <-one.told, "what was announced before nobody heard")
	require.Equal(t, "missed", <-other.told)
	announce(t, store, "one", "1", "2", "3")
	announce(t, store, "third", "nobody's")
	announce(t, store, "other channel", "4")
	for _, want := range []string{"1", "2", "3"} {
		require.Equal(t, want, <-one.told)
	}
	require.Equal(t, "4", <-other.told)
	require.Empty(t, one.told)

	var connections int
	require.NoError(t, store.Pool().QueryRow(t.Context(),
		`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`).Scan(&connections))
	require.Equal(t, 1, connections, "for both")
	require.EqualValues(t, 1, store.Pool().Stat().TotalConns(), "and not the pool's")
}

func TestAListenerIsToldWhatItMayHaveMissed(t *testing.T) {
	t.Parallel()
	databaseURL := dbtest.New(t)
	wire := dbtest.NewWire(t, databaseURL)
	store, _ := open(t, wire.URL())
	store.SetListenSilence(time.Hour) // LISTEN is the last that it said
	direct, _ := open(t, databaseURL)
	one := newEar("one")
	listen(t, store, one)
	for name, lose := range map[string]func(){
		"the connection is cut":       wire.Cut,
		"so are those after it":       func() { wire.Refuse(3); wire.Cut() },
		"PostgreSQL ends the session": func() { terminate(t, direct) },
	} {
		require.Equal(t, "missed", <-one.told, name)
		announce(t, direct, "one", name)
		require.Equal(t, name, <-one.told)
		lose()
	}
	require.Equal(t, "missed", <-one.told)
}

func TestASilentConnectionIsAskedWhetherItIsStillThere(t *testing.T) {
	t.Parallel()
	databaseURL := dbtest.New(t)
	wire := dbtest.NewWire(t, databaseURL)
	store, _ := open(t, wire.URL())
	store.SetListenSilence(time.Millisecond)
	one := newEar("one")
	listen(t, store, one)
	require.Equal(t, "missed", <-one.told)
	const question = "-- ping"
	wire.CutAt(question, false)
	require.Equal(t, "missed", <-one.told, "it was not, and another was made")
	require.Equal(t, 1, wire.Cuts())

	direct, _ := open(t, databaseURL)
	var opened, asked int
	require.NoError(t, store.Pool().QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&opened)) // that was asked the same
	require.Eventually(t, func() bool {
		err := direct.Pool().QueryRow(t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = $1 AND pid <> $2`, question, opened).Scan(&asked)
		return err == nil && asked > 0
	}, time.Minute, time.Millisecond)
	announce(t, direct, "one", "still here")
	require.Equal(t, "still here", <-one.told, "the silence is no failure")
}

func terminate(t *testing.T, store *postgres.Store) {
	t.Helper()
	_, err := store.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`)
	require.NoError(t, err)
}

func TestALostConnectionIsLoggedOnceAndItsReturnToo(t *testing.T) {
	t.Parallel()
	databaseURL := dbtest.New(t)
	wire := dbtest.NewWire(t, databaseURL)
	log := &lines{}
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = wire.URL(), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	one := newEar("one")
	stop := listen(t, store, one)
	require.Equal(t, "missed", <-one.told)
	const losses = 2
	for range losses {
		wire.Refuse(3)
		wire.Cut()
		require.Equal(t, "missed", <-one.told)
	}
	stop()
	require.Equal(t, 2*losses, strings.Count(log.String(), "\n"), log.String())
	require.Equal(t, losses, strings.Count(log.String(), `level=WARN msg="the database's announcements are not heard"`))
	require.Equal(t, losses, strings.Count(log.String(), `level=INFO msg="the database's announcements are heard again"`))
}

// lines is a log's text; one writes it, and reads it when that has ended.
type lines struct{ strings.Builder }

// Not parallel: goroutines of other tests would be taken for leaks.
func TestListeningEndsWithItsContextAndLeavesNothingBehind(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which closes connections that are forgotten
	databaseURL := dbtest.New(t)
	before := goleak.IgnoreCurrent()
	t.Run("while it listens", func(t *testing.T) {
		store, _ := open(t, databaseURL)
		store.SetListenSilence(time.Hour) // LISTEN is the last that it said
		one := newEar("one")
		stop := listen(t, store, one)
		require.Equal(t, "missed", <-one.told)
		stop()
		require.Eventually(t, func() bool {
			var listening int
			err := store.Pool().QueryRow(t.Context(),
				`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`).Scan(&listening)
			return err == nil && listening == 0
		}, time.Minute, time.Millisecond)
	})
	t.Run("while it waits for the database", func(t *testing.T) {
		wire := dbtest.NewWire(t, databaseURL)
		store, _ := open(t, wire.URL())
		one := newEar("one")
		stop := listen(t, store, one)
		require.Equal(t, "missed", <-one.told)
		wire.Refuse(1 << 30)
		wire.Cut()
		stop()
	})
	goleak.VerifyNone(t, before)
}
