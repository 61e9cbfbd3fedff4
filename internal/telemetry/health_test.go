package telemetry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHoweverManyAskACheckIsCarriedOutOnceInItsTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var asked atomic.Int64
	answer := error(nil)
	check := Check{Name: "database", Ready: func(context.Context) error {
		asked.Add(1)
		return answer
	}}.Kept(time.Second, func() time.Time { return now })
	var probers sync.WaitGroup
	for range 100 {
		probers.Go(func() {
			if err := check.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	probers.Wait()
	require.EqualValues(t, 1, asked.Load())
	answer = errors.New("away")
	require.NoError(t, check.Ready(t.Context()), "the answer of a moment ago")
	now = now.Add(time.Second)
	require.Error(t, check.Ready(t.Context()))
}

func TestAProberWhoLeavesDoesNotDecideWhatTheOthersAreTold(t *testing.T) {
	t.Parallel()
	check := Check{Name: "database", Ready: func(ctx context.Context) error { return ctx.Err() }}.Kept(time.Hour, time.Now)
	left, leave := context.WithCancel(t.Context())
	leave()
	require.NoError(t, check.Ready(left))
	require.NoError(t, check.Ready(t.Context()))
}
