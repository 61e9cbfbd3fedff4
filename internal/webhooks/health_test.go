package webhooks

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
)

// fares is how all endpoints fare, which are the owner's: both ways to ask say the same.
func (p *place) fares() Health {
	p.t.Helper()
	all, err := p.Health(p.t.Context())
	require.NoError(p.t, err)
	mine, err := p.HealthOf(p.t.Context(), p.owner)
	require.NoError(p.t, err)
	require.InDelta(p.t, all.Overdue.Seconds(), mine.Overdue.Seconds(), 60, "the time between two looks")
	mine.Overdue = all.Overdue
	require.Equal(p.t, all, mine)
	others, err := p.HealthOf(p.t.Context(), uuid.New())
	require.NoError(p.t, err)
	require.Zero(p.t, others)
	return all
}

func TestWhatIsDueAndNotSentIsOverdue(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	require.Less(t, p.fares().Overdue, time.Minute, "nothing is due")
	p.happens()
	p.later(10 * time.Minute)
	require.GreaterOrEqual(t, p.fares().Overdue, 10*time.Minute)
	to, err := p.claim(t.Context(), []uuid.UUID{})
	require.NoError(t, err)
	require.Zero(t, p.fares().Overdue, "somebody is at it")
	p.status.Store(500)
	p.slice(t.Context(), to)
	require.Zero(t, p.fares().Overdue, "an endpoint that failed rests")
	p.later(longestRest + 10*time.Minute)
	require.GreaterOrEqual(t, p.fares().Overdue, 10*time.Minute, "and then nobody tried it again")
}

// Before an event is fanned out no endpoint waits for it, and yet it waits.
func TestAnEventThatNobodyFansOutIsOverdue(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.many(p.owner, 3) // of an hour ago
	require.GreaterOrEqual(t, p.fares().Overdue, time.Hour)
	p.fan()
	require.Less(t, p.fares().Overdue, 30*time.Minute)
}

func TestEndpointsThatNothingReachesAreCounted(t *testing.T) {
	t.Parallel()
	unreached := func(p *place) [2]int {
		h := p.fares()
		return [2]int{h.Failing, h.SwitchedOff}
	}
	p := newPlace(t)
	p.status.Store(500)
	p.happens()
	p.works()
	require.Equal(t, [2]int{0, 0}, unreached(p), "it may pass")
	p.later(FailingLong)
	require.Equal(t, [2]int{1, 0}, unreached(p))
	enable := func(enabled bool) {
		_, err := p.Update(t.Context(), UpdateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID, Fields: []string{"enabled"}, Enabled: enabled})
		require.NoError(t, err)
	}
	enable(false)
	require.Equal(t, [2]int{0, 0}, unreached(p), "its owner wants it so")
	enable(true)
	p.status.Store(410)
	p.happens()
	p.works()
	require.Equal(t, [2]int{0, 1}, unreached(p))
	enable(true)
	require.Equal(t, [2]int{0, 0}, unreached(p))
	p.status.Store(500)
	for range 20 {
		if p.webhook().OffReason != "" {
			break
		}
		p.happens()
		p.works()
		p.later(6 * time.Hour)
	}
	require.Equal(t, OffFailing, p.webhook().OffReason)
	require.Equal(t, [2]int{0, 1}, unreached(p))
	require.NoError(t, p.Delete(t.Context(), p.owner, p.hook.Webhook.ID))
	require.Equal(t, [2]int{0, 0}, unreached(p))
}

// An endpoint that failed, and that nothing waits for any more, is not tried: nobody knows whether it would be reached now.
func TestAnEndpointIsFailingOnlyWhileItIsTried(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(500)
	p.happens()
	p.works()
	p.later(FailingLong)
	require.Equal(t, 1, p.fares().Failing)
	p.later(day)
	p.works() // what waited is given up
	require.Equal(t, Failed, p.deliveries()[0].Delivery.State)
	require.Empty(t, p.webhook().OffReason)
	require.NotNil(t, p.webhook().FailingSince)
	require.Zero(t, p.fares().Failing)
	p.happens()
	require.Equal(t, 1, p.fares().Failing)
}

// After a rotation of the keyset's key it shows whether the earlier key can go: all that signs now must open without it.
func TestSecretsThatNoKeyOpensAreFound(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	opens := func(unopenable int) {
		t.Helper()
		all, err := p.CheckSeals(t.Context())
		require.NoError(t, err)
		require.Equal(t, SealCheck{Webhooks: 2, Unopenable: unopenable}, all)
		mine, err := p.CheckSealsOf(t.Context(), p.owner)
		require.NoError(t, err)
		require.Equal(t, SealCheck{Webhooks: 1, Unopenable: min(unopenable, 1)}, mine)
	}
	other := uuid.New()
	_, err := db.New().UserInsert(t.Context(), p.store, db.UserInsertParams{ID: other, Email: "b@b.org", EmailKey: "b@b.org", CreatedAt: p.now()})
	require.NoError(t, err)
	_, err = p.Create(t.Context(), CreateInput{
		OwnerID: other, Draft: Draft{URL: "http://127.0.0.1:9/", EventTypes: []string{PostWaiting}, Reach: p.Reach()},
	})
	require.NoError(t, err)
	opens(0)

	vault, another := p.secrets.vault, func() *accounts.Vault {
		keyset, err := accounts.NewKeyset()
		require.NoError(t, err)
		v, err := accounts.NewVault(keyset)
		require.NoError(t, err)
		return v
	}
	p.secrets = secrets{another()}
	opens(2)
	p.secrets = secrets{vault}

	hour := time.Hour
	_, err = p.Rotate(t.Context(), RotateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID, Overlap: &hour})
	require.NoError(t, err)
	_, err = p.store.Pool().Exec(t.Context(), `UPDATE webhooks SET sealed_previous_secret = 'x' WHERE sealed_previous_secret IS NOT NULL`)
	require.NoError(t, err)
	opens(1)
	p.later(hour)
	opens(0)

	p.secrets = secrets{}
	_, err = p.CheckSeals(t.Context())
	require.ErrorContains(t, err, "No token keyset")
	_, err = p.CheckSealsOf(t.Context(), p.owner)
	require.ErrorContains(t, err, "No token keyset")
}
