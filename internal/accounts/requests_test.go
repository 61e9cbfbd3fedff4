package accounts_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
)

// Whatever is asked for, and however often: requests that can wait never take of a UTC day what is reserved or due, publishing
// is never kept from its own, all are counted, and a new day begins with none.
func TestRequestsThatCanWaitLeaveTheRestOfTheDayToPublishing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vault := newVault(t)
	w.Service = w.service(vault)
	account, err := w.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		w.clock = accounts.Tomorrow(w.clock)
		daily, reserve := rapid.IntRange(1, 40).Draw(r, "daily"), rapid.IntRange(0, 10).Draw(r, "reserve")
		due, made := 0, 0
		w.Service = w.service(vault, func(settings *accounts.Settings) {
			settings.Quota = accounts.Quota{
				Daily:   daily,
				Reserve: reserve,
				Due: func(_ context.Context, owner, id uuid.UUID, isDefault bool, before time.Time) (int, error) {
					require.Equal(t, []any{w.owner, account.ID, true, accounts.Tomorrow(w.clock)}, []any{owner, id, isDefault, before})
					return due, nil
				},
			}
		})
		r.Repeat(map[string]func(*rapid.T){
			"a create": func(*rapid.T) {
				require.NoError(t, w.CountRequest(t.Context(), w.store, account))
				made++
			},
			"something that can wait": func(r *rapid.T) {
				cost := rapid.IntRange(1, 4).Draw(r, "cost")
				_, _, err := w.TokenToAsk(t.Context(), account, cost)
				if made+cost > daily-reserve-due {
					require.Equal(t, accounts.ReasonKeptForPublishing, fault.Of(err).Reason)
					require.Equal(t, accounts.Tomorrow(w.clock).Sub(w.clock), fault.Of(err).RetryAfter)
					return
				}
				require.NoError(t, err)
				made += cost
			},
			"a post is approved or gone": func(r *rapid.T) { due = rapid.IntRange(0, 20).Draw(r, "due") },
			"hours pass": func(r *rapid.T) {
				w.clock = w.clock.Add(rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(r, "wait"))
			},
			"midnight": func(*rapid.T) {
				w.clock, made = accounts.Tomorrow(w.clock), 0
			},
			"": func(*rapid.T) {
				now, err := w.Get(t.Context(), w.owner, &account.ID)
				require.NoError(t, err)
				require.Equal(t, made, accounts.RequestsToday(now, w.clock))
			},
		})
	})
}

// Another process's clock is ahead by a moment at midnight: what it counted on the new day is not forgotten.
func TestAClockThatIsBehindAtMidnightForgetsNoRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account, err := w.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
	require.NoError(t, err)
	midnight := accounts.Tomorrow(w.clock)
	for _, at := range []time.Time{midnight, midnight.Add(-time.Second), midnight.Add(time.Second)} {
		w.clock = at
		require.NoError(t, w.CountRequest(t.Context(), w.store, account))
	}
	account, err = w.Get(t.Context(), w.owner, &account.ID)
	require.NoError(t, err)
	require.Equal(t, 3, accounts.RequestsToday(account, w.clock))
}

// Two posts of one account become old enough at once: the first job asks for both while the second still holds what it read
// before.
func TestWhatWasReadBeforeSomebodyAskedIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read, err := w.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
	require.NoError(t, err)
	lease := func(as accounts.Account) bool {
		given, err := w.LeaseNumbers(t.Context(), as, w.clock.Add(time.Minute))
		require.NoError(t, err)
		return given
	}

	require.True(t, lease(read))
	require.False(t, lease(read), "somebody asks")
	require.NoError(t, w.HoldNumbers(t.Context(), read, w.clock))
	require.False(t, lease(read), "somebody asked since")

	again, err := w.Get(t.Context(), w.owner, &read.ID)
	require.NoError(t, err)
	require.True(t, lease(again))
}
