package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

func TestHoweverManyAskACheckIsCarriedOutOnceInItsTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var asked atomic.Int64
	answer := error(nil)
	check := Check{Name: "database", Ready: func(context.Context) error {
		asked.Add(1)
		return answer
	}}.Cached(time.Second, func() time.Time { return now })
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
	check := Check{Name: "database", Ready: func(ctx context.Context) error { return ctx.Err() }}.Cached(time.Hour, time.Now)
	left, leave := context.WithCancel(t.Context())
	leave()
	require.NoError(t, check.Ready(left))
	require.NoError(t, check.Ready(t.Context()))
}

// A check that hangs holds up the one who carries it out; the others leave when their time is over.
func TestWhoWaitsForACheckLeavesWhenTheyMust(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	check := Check{Name: "database", Ready: func(context.Context) error {
		close(begun)
		<-end
		return nil
	}}.Cached(time.Hour, time.Now)
	var first sync.WaitGroup
	first.Go(func() {
		if err := check.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
	<-begun
	left, leave := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- check.Ready(left) }()
	leave()
	require.True(t, fault.Is(<-waiting, fault.Unavailable))
	close(end)
	first.Wait()
	require.NoError(t, check.Ready(t.Context()))
}

// A prober waits for seconds only: however many checks hang, all are told within the time of one, and what is in order is said
// to be.
func TestChecksThatHangTakeNoTimeFromEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging := func(ctx context.Context) error {
			<-ctx.Done()
			return fault.New(fault.Deadline, "No answer.")
		}
		began := time.Now()
		answer := httptest.NewRecorder()
		Ready(
			Check{Name: "server", Alone: true, Ready: func(context.Context) error { return nil }},
			Check{Name: "database", Ready: hanging}.Cached(time.Second, time.Now),
			Check{Name: "migrations", Ready: hanging}.Cached(time.Second, time.Now),
			Check{Name: "workers", Ready: func(ctx context.Context) error { return ctx.Err() }},
		)(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
		require.Equal(t, checkTimeout, time.Since(began))
		require.Equal(t, http.StatusServiceUnavailable, answer.Code)
		var told map[string]string
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &told))
		require.Equal(t, map[string]string{"server": "ok", "database": "No answer.", "migrations": "No answer.", "workers": "ok"}, told)
	})
}

// A server that stops says so at once: it asks a database that may hang for nothing more.
func TestAServerThatStopsAsksNobodyElse(t *testing.T) {
	t.Parallel()
	failing := func(message string) func(context.Context) error {
		return func(context.Context) error { return fault.New(fault.Unavailable, message) }
	}
	for name, c := range map[string]struct {
		alone bool
		told  map[string]string
	}{
		"the server stops":     {true, map[string]string{"server": "Stopping."}},
		"one of many is wrong": {false, map[string]string{"server": "Stopping.", "database": "Away."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := httptest.NewRecorder()
			Ready(Check{Name: "server", Alone: c.alone, Ready: failing("Stopping.")}, Check{Name: "database", Ready: failing("Away.")})(
				answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
			require.Equal(t, http.StatusServiceUnavailable, answer.Code)
			var told map[string]string
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &told))
			require.Equal(t, c.told, told)
		})
	}
}

// Checks are asked in goroutines of their own, where a panic ended the process.
func TestACheckThatPanicsFailsAndNothingElse(t *testing.T) {
	t.Parallel()
	broken := func(context.Context) error { panic("broken") }
	for name, checks := range map[string][]Check{
		"alone":            {{Name: "broken", Alone: true, Ready: broken}},
		"beside others":    {{Name: "broken", Ready: broken}},
		"kept for a while": {Check{Name: "broken", Ready: broken}.Cached(time.Second, time.Now)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				answer := httptest.NewRecorder()
				Ready(checks...)(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
				require.Equal(t, http.StatusServiceUnavailable, answer.Code)
				require.JSONEq(t, `{"broken": "The check itself failed."}`, answer.Body.String())
			}
		})
	}
}
