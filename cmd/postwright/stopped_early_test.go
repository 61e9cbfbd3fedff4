package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
)

// Its first line waited for somebody who read it, and the stop behind that.
func TestAProcessWhoseLogNobodyReadsStops(t *testing.T) {
	t.Parallel()
	_, nobody := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code := run(ctx, []string{"serve", "--listen=127.0.0.1:0", "--database-url=" + dbtest.New(t)}, strings.NewReader(""), io.Discard, nobody)
	require.Zero(t, code)
}

// toldAfterwards is of a process that was told to stop as soon as something asks whether it was, and that nothing was cut off for.
type toldAfterwards struct{ context.Context }

func (toldAfterwards) Err() error { return context.Canceled }

// It ended with 0 as soon as a signal came, whatever had failed before, so that a supervisor took it for well.
func TestAStartThatFailsHasFailedAlsoWhenItIsToldToStop(t *testing.T) {
	t.Parallel()
	const free = "--listen=127.0.0.1:0"
	for name, c := range map[string]struct {
		args []string
		code int
		said string
	}{
		"a setting that is wrong":         {[]string{"--listen=nowhere", "--database-url=postgres://x@127.0.0.1/x"}, 2, "--listen"},
		"no address of a database":        {[]string{free, "--database-url=nonsense://x"}, 2, "--database-url"},
		"a database that is not migrated": {[]string{free, "--database-url=" + dbtest.NewEmpty(t)}, 1, "postwright migrate up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, said := postwrightAt(toldAfterwards{t.Context()}, "info", append([]string{"serve"}, c.args...)...)
			require.Equal(t, c.code, code, said)
			require.Contains(t, said, c.said)
		})
	}
}

// It ended with 1 and "The database can't be reached at the moment: try again", or "The caller went away".
func TestAProcessThatIsToldToStopWhileItStartsHasNotFailed(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // takes connections and says nothing
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	for name, c := range map[string]struct {
		database string
		reached  bool // the signal comes once the database has been asked for, otherwise before
	}{
		"before it began":             {dbtest.New(t), false},
		"while the database connects": {"postgres://x@" + silent.Addr().String() + "/x?sslmode=disable", true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if c.reached {
				go func() {
					if conn, err := silent.Accept(); err == nil {
						defer func() { _ = conn.Close() }()
						stop()
						<-t.Context().Done()
					}
				}()
			} else {
				stop()
			}
			code, _, said := postwrightAt(ctx, "info", "serve", "--listen=127.0.0.1:0", "--database-url="+c.database)
			require.Zero(t, code, said)
			require.Contains(t, said, "told to stop before it served")
			require.NotContains(t, said, "postwright: ")
		})
	}
}
