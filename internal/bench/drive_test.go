package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCallersCallUntilTheSpanIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(context.Context, int) error {
			time.Sleep(100 * time.Millisecond) // of the bubble's clock
			return nil
		}
		r, err := drive(t.Context(), time.Second, new(atomic.Int64), endless, []calling{slow, slow, slow})
		require.NoError(t, err)
		require.Equal(t, 30, r.calls)
		require.Equal(t, time.Second, r.took)
		require.InDelta(t, 30, r.perSecond(), 1e-9)
		for _, took := range r.latencies {
			require.Equal(t, 100*time.Millisecond, took)
		}
	})
}

func TestTheFirstCallThatFailsEndsARound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		call := func(_ context.Context, i int) error {
			time.Sleep(time.Second) // of the bubble's clock
			if i == 3 {
				return broken
			}
			return nil
		}
		r, err := drive(t.Context(), time.Hour, new(atomic.Int64), endless, []calling{call, call})
		require.ErrorIs(t, err, broken)
		require.LessOrEqual(t, r.calls, 4)
	})
}

func TestARoundEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := repeat(func(context.Context) error {
		cancel()
		return nil
	})(ctx, time.Hour)
	require.ErrorIs(t, err, context.Canceled)
}
