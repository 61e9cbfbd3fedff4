package main

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
)

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
