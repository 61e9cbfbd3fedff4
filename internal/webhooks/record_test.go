package webhooks

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
)

func TestAFailedDeliveryIsTriedAgainForADayUnderTheSameID(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(500)
	event := p.happens()
	began := p.now()
	require.Equal(t, 1, p.works())
	require.Zero(t, p.works(), "not before its time")
	for range 100 {
		d := p.deliveries()[0].Delivery
		if d.State != Pending {
			break
		}
		p.later(d.NextAttemptAt.Sub(p.now()) + longestRest)
		require.Equal(t, 1, p.works())
		require.Equal(t, event.String(), p.last.Load().Get("webhook-id"))
	}
	sent := p.deliveries()[0]
	require.Equal(t, Failed, sent.Delivery.State)
	require.Contains(t, sent.Delivery.Problem, "the status 500")
	require.InDelta(t, len(retries)+1, len(sent.Attempts), 1)
	for i, a := range sent.Attempts {
		require.Equal(t, int32(i+1), a.Number)
		require.Equal(t, int32(500), a.Status)
		require.Equal(t, "an answer", a.Answer)
	}
	tried := sent.Attempts[len(sent.Attempts)-1].StartedAt.Sub(began)
	require.Greater(t, tried, 23*time.Hour)
	require.Less(t, tried, 26*time.Hour)
	require.Zero(t, p.works())

	p.status.Store(204)
	resent, err := p.Resend(t.Context(), ResendInput{OwnerID: p.owner, WebhookID: p.hook.Webhook.ID, EventID: event})
	require.NoError(t, err)
	require.Equal(t, Pending, resent.Delivery.State)
	require.Equal(t, 1, p.works())
	require.Equal(t, event.String(), p.last.Load().Get("webhook-id"))
	after := p.deliveries()[0]
	require.Equal(t, Delivered, after.Delivery.State)
	require.Len(t, after.Attempts, len(sent.Attempts)+1)
	require.Empty(t, after.Delivery.Problem)
	require.Nil(t, p.webhook().FailingSince)
}

func TestAnEndpointThatFailsForThreeDaysIsSwitchedOff(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(503)
	began := p.now()
	for p.webhook().OffReason == "" {
		p.happens()
		p.works()
		p.later(6 * time.Hour)
		require.Less(t, p.now().Sub(began), 5*day, "it is switched off at some time")
	}
	off := p.webhook()
	require.Equal(t, OffFailing, off.OffReason)
	require.GreaterOrEqual(t, off.OffAt.Sub(began), failingFor)
	require.Equal(t, []string{off.URL}, p.told, "its owner is told, once")
	for _, sent := range p.deliveries() {
		require.NotEqual(t, Pending, sent.Delivery.State)
	}
	reached := p.reached.Load()
	rows, err := p.queries.WebhookRecordEvent(t.Context(), p.store, db.WebhookRecordEventParams{
		ID: uuid.New(), OwnerID: p.owner, Type: PostWaiting, Data: []byte(`{}`), OccurredAt: p.now(),
	})
	require.NoError(t, err)
	require.Zero(t, rows, "nobody wants to know")
	_, err = p.Resend(t.Context(), ResendInput{OwnerID: p.owner, WebhookID: off.ID, EventID: p.deliveries()[0].Delivery.EventID})
	require.True(t, fault.Is(err, fault.Precondition), "%v", err)
	require.Zero(t, p.works())
	require.Equal(t, reached, p.reached.Load())

	p.status.Store(200)
	on, err := p.Update(t.Context(), UpdateInput{OwnerID: p.owner, ID: off.ID, Fields: []string{"enabled"}, Enabled: true})
	require.NoError(t, err)
	require.Empty(t, on.OffReason)
	require.Nil(t, on.FailingSince)
	p.happens()
	require.Equal(t, 1, p.works())
	require.Equal(t, Delivered, p.deliveries()[0].Delivery.State)
}

// Two mishaps a month apart are not a month of failing.
func TestAnEndpointThatIsSeldomSentToIsNotSwitchedOffForOneMishap(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(500)
	p.happens()
	p.works()
	for range 30 {
		p.later(2 * time.Hour)
		p.works()
	}
	require.Equal(t, Failed, p.deliveries()[0].Delivery.State)
	require.Greater(t, p.webhook().failures, int32(failingTimes))
	p.later(30 * day)
	p.happens()
	p.works()
	require.Empty(t, p.webhook().OffReason)
	require.Equal(t, int32(1), p.webhook().failures)
}

func TestAnEndpointThatIsGoneIsSwitchedOffAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(410)
	p.happens()
	p.happens()
	p.works()
	require.Equal(t, OffGone, p.webhook().OffReason)
	require.Len(t, p.told, 1)
	require.Equal(t, int64(1), p.reached.Load(), "what else waited for it is not sent")
	for _, sent := range p.deliveries() {
		require.Equal(t, Failed, sent.Delivery.State)
	}
}

func TestBothSecretsSignWhileTheyOverlap(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	hour := time.Hour
	rotate := func(overlap *time.Duration) Created {
		rotated, err := p.Rotate(t.Context(), RotateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID, Overlap: overlap})
		require.NoError(t, err)
		return rotated
	}
	signatures := func() []string {
		p.happens()
		require.Equal(t, 1, p.works())
		return strings.Fields(p.last.Load().Get("webhook-signature"))
	}
	require.Len(t, signatures(), 1)
	second := rotate(&hour)
	require.NotEqual(t, p.hook.Secret, second.Secret)
	require.Len(t, signatures(), 2)
	p.later(hour)
	require.Len(t, signatures(), 1, "the overlap is over")
	rotate(nil)
	p.later(23 * hour)
	require.Len(t, signatures(), 2, "a day is usual")
	none := time.Duration(0)
	rotate(&none)
	require.Len(t, signatures(), 1, "one that must not be known any more signs nothing")
	tooLong := longestOverlap + 1
	_, err := p.Rotate(t.Context(), RotateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID, Overlap: &tooLong})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}

func TestADayHasSoManyDeliveries(t *testing.T) {
	t.Parallel()
	p := newPlace(t, func(d *Dependencies) { d.Settings.DailyDeliveries = 3 })
	p.ahead.Store(int64(time.Until(today(time.Now()).Add(day + time.Hour)))) // far from midnight
	for range 6 {
		p.happens()
	}
	p.works()
	require.Equal(t, int64(3), p.reached.Load())
	require.Len(t, p.deliveries(), 4, "one row tells of all that were too many")
	require.Contains(t, p.deliveries()[0].Delivery.Problem, "So were 2 other events")
	events := 0
	require.NoError(t, p.store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM webhook_events`).Scan(&events))
	require.Equal(t, 4, events)
	over := p.deliveries()[0].Delivery
	require.Equal(t, OverLimit, over.State)
	require.Contains(t, over.Problem, "--webhooks-daily-limit")
	in := ResendInput{OwnerID: p.owner, WebhookID: p.hook.Webhook.ID, EventID: over.EventID}
	_, err := p.Resend(t.Context(), in)
	require.True(t, fault.Is(err, fault.OverLimit), "%v", err)
	require.InDelta(t, 23*time.Hour, fault.Of(err).RetryAfter, float64(time.Minute))
	p.later(day)
	_, err = p.Resend(t.Context(), in)
	require.NoError(t, err)
	p.works()
	require.Equal(t, Delivered, p.deliveries()[0].Delivery.State)
}

// A process that dies with an endpoint in its hands leaves it to another.
func TestWhatAProcessHadClaimedIsSentByAnother(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.happens()
	_, err := p.claim(t.Context(), []uuid.UUID{})
	require.NoError(t, err)
	require.Zero(t, p.works(), "somebody sends to it")
	p.later(leaseTime)
	require.Equal(t, 1, p.works())
	require.Equal(t, Delivered, p.deliveries()[0].Delivery.State)
}

func TestNothingIsSentFromADatabaseThatMayNotKnowWhatWasSent(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.held = true
	p.happens()
	require.Zero(t, p.works())
	require.Zero(t, p.reached.Load())
	p.held = false
	p.later(leaseTime)
	require.Equal(t, 1, p.works())
}

// What is fanned out while an endpoint is being let go of must not be forgotten until the next event.
func TestWhatComesWhileAnEndpointIsLetGoOfIsDue(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.happens()
	endpoint, err := p.claim(t.Context(), []uuid.UUID{})
	require.NoError(t, err)
	_, sent, err := p.sendNext(t.Context(), endpoint)
	require.NoError(t, err)
	require.True(t, sent)
	p.happens()
	require.NoError(t, p.release(t.Context(), endpoint, p.now()))
	require.Equal(t, 1, p.works())
	require.Equal(t, int64(2), p.reached.Load())
}

// A database that takes no record of an attempt must not have it made again and again.
func TestAnAttemptThatCannotBeRecordedIsNotRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, err := p.store.Pool().Exec(t.Context(), `ALTER TABLE webhook_attempts ADD CONSTRAINT nothing_is_taken CHECK (false) NOT VALID`)
	require.NoError(t, err)
	p.happens()
	require.Equal(t, 1, p.works())
	require.Equal(t, int64(1), p.reached.Load())
	p.later(leaseTime)
	require.Equal(t, 1, p.works())
	require.Equal(t, int64(2), p.reached.Load(), "at least once")
}

func TestAnOwnerWithTheirShareWaitsAndOthersDoNot(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.happens()
	_, err := p.claim(t.Context(), []uuid.UUID{p.owner})
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	_, err = p.claim(t.Context(), []uuid.UUID{uuid.New()})
	require.NoError(t, err)
}

func TestSecretsAreSealedAnewWithTheKeyThatSealsNow(t *testing.T) {
	t.Parallel()
	old, err := accounts.NewKeyset()
	require.NoError(t, err)
	rotated, err := accounts.RotateKeyset(old)
	require.NoError(t, err)
	pruned, err := accounts.PruneKeyset(rotated)
	require.NoError(t, err)
	vault := func(keyset string) *accounts.Vault {
		v, err := accounts.NewVault(keyset)
		require.NoError(t, err)
		return v
	}
	p := newPlace(t, func(d *Dependencies) { d.Vault = vault(old) })
	_, err = p.Rotate(t.Context(), RotateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID})
	require.NoError(t, err)
	p.secrets = secrets{vault(pruned)}
	done, err := p.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, Rotation{Webhooks: 1, Failed: []uuid.UUID{p.hook.Webhook.ID}}, done)
	p.happens()
	p.works()
	require.Empty(t, p.deliveries()[0].Attempts, "it is the operator's fault")
	require.Nil(t, p.webhook().FailingSince)
	require.Zero(t, p.reached.Load())

	p.secrets = secrets{vault(rotated)}
	done, err = p.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, Rotation{Webhooks: 1, Sealed: 1}, done)
	done, err = p.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, Rotation{Webhooks: 1}, done, "it can be repeated")
	p.secrets = secrets{vault(pruned)}
	p.later(leaseTime)
	p.works()
	require.Equal(t, int64(1), p.reached.Load())
	require.Len(t, strings.Fields(p.last.Load().Get("webhook-signature")), 2)
}
