package app_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
)

// toldMeanwhile is of a process that is told to stop while something fails by itself.
type toldMeanwhile struct{ context.Context }

func (toldMeanwhile) Err() error { return context.Canceled }

// Whatever failed while the process was told to stop passed for the stop, and where Serve found it, the stop for a failure.
func TestAStartThatIsToldToStopHasFailedOnlyIfItWouldHaveAnyway(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	told, tell := context.WithCancel(t.Context())
	tell()
	for name, c := range map[string]struct {
		ctx           context.Context
		listen, pprof string
		said          string // of the failure; "" where there is none
	}{
		"told, with nothing wrong":            {told, "127.0.0.1:0", "127.0.0.1:0", ""},
		"the address is taken":                {toldMeanwhile{t.Context()}, taken.Addr().String(), "", "--listen"},
		"the address of profiles is taken":    {toldMeanwhile{t.Context()}, "127.0.0.1:0", taken.Addr().String(), "--pprof-listen"},
		"that of profiles, not told anything": {t.Context(), "127.0.0.1:0", taken.Addr().String(), "--pprof-listen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(cfg *app.Config) { cfg.Server.Listen, cfg.Server.PprofListen = c.listen, c.pprof })
			listener, err := w.App.Listen(c.ctx)
			if err == nil {
				err = w.App.Serve(c.ctx, listener)
			}
			if c.said == "" {
				require.True(t, err == nil || app.GivenUp(c.ctx, err), "%v", err)
				return
			}
			require.ErrorContains(t, err, c.said)
			require.False(t, app.GivenUp(c.ctx, err))
		})
	}
}
