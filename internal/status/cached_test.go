package status

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever asked while the checkers ran waited for as long as they did, however little time they had.
func TestWhoeverWaitsForChecksLeavesWhenTheirTimeIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		slow := Checker{Name: "slow", Run: func(ctx context.Context) []Check {
			runs++
			<-ctx.Done()
			return nil
		}}
		cached, began := NewCachedChecks([]Checker{slow}, time.Minute, time.Now, slog.New(slog.DiscardHandler)), time.Now()
		first := make(chan []Check)
		go func() { first <- cached.Checks(t.Context()) }()
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, []Check{{Name: "slow", State: Unknown, Detail: "There was no time to wait for the answer."}}, cached.Checks(hasty))
		require.Equal(t, time.Second, time.Since(began))
		want := []Check{{Name: "slow", State: Unknown, Detail: "There was no answer within 10s."}}
		require.Equal(t, want, cached.Checks(t.Context()), "who has the time waits")
		require.Equal(t, want, <-first)
		require.Equal(t, checkTimeout, time.Since(began))
		require.Equal(t, 1, runs)
	})
}
