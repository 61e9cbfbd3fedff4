package webhooks

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
)

func (p *place) many(owner uuid.UUID, events int) {
	p.t.Helper()
	_, err := p.store.Pool().Exec(p.t.Context(), `INSERT INTO webhook_events (owner_id, type, data, occurred_at)
		SELECT $1, 'post.waiting', '{}', $3::timestamptz - interval '1 hour' FROM generate_series(1, $2::integer)`, owner, events, p.now())
	require.NoError(p.t, err)
}

func (p *place) count(query string, args ...any) (n int) {
	p.t.Helper()
	require.NoError(p.t, p.store.Pool().QueryRow(p.t.Context(), query, args...).Scan(&n))
	return n
}

func TestOneOwnersEventsKeepNobodyElsesWaiting(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.many(p.owner, 10*fanOutMost)
	first, other := p.owner, uuid.New()
	_, err := db.New().UserInsert(t.Context(), p.store, db.UserInsertParams{ID: other, Email: "b@b.org", EmailKey: "b@b.org", CreatedAt: p.now()})
	require.NoError(t, err)
	p.owner = other
	theirs := p.listen("http://127.0.0.1:9/")
	p.many(other, 1)
	_, left, err := p.fanOut(t.Context(), uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, moreBacklog, left)
	require.Equal(t, 1, p.count(`SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1`, theirs.Webhook.ID))
	require.Equal(t, fanOutMost, p.count(`SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1`, p.hook.Webhook.ID))
	after := uuid.Nil
	for left != noBacklog { // as Run does
		after, left, err = p.fanOut(t.Context(), after)
		require.NoError(t, err)
	}
	require.Zero(t, p.count(`SELECT count(*) FROM webhook_events WHERE NOT fanned_out`))
	require.Equal(t, 10*fanOutMost, p.count(`SELECT count(*) FROM webhook_events WHERE owner_id = $1`, first))
}

// Whoever has locked an endpoint, as its owner who switches it off, is not waited for.
func TestAnEndpointThatSomebodyHasLockedHoldsUpItsOwnerAlone(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	require.NoError(t, p.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		_, err := p.queries.WebhookGetForUpdate(t.Context(), tx, db.WebhookGetForUpdateParams{ID: p.hook.Webhook.ID, OwnerID: p.owner})
		require.NoError(t, err)
		p.happens()
		require.Empty(t, p.deliveries())
		require.Equal(t, 1, p.count(`SELECT count(*) FROM webhook_events WHERE NOT fanned_out`))
		return err
	}))
	p.fan()
	require.Len(t, p.deliveries(), 1)
}

// A build of before may have left something waiting for an endpoint that was off.
func TestWhatWaitsForAnEndpointThatIsOffIsEnded(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.happens()
	off := func(enabled bool) {
		_, err := p.Update(t.Context(), UpdateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID, Fields: []string{"enabled"}, Enabled: enabled})
		require.NoError(t, err)
	}
	off(false)
	_, err := p.store.Pool().Exec(t.Context(), `WITH d AS (
			UPDATE webhook_deliveries SET state = 'pending', next_attempt_at = created_at, ended_at = NULL
		)
		UPDATE webhooks SET due_at = created_at`)
	require.NoError(t, err)
	require.Zero(t, p.works(), "it is not claimed")
	off(true)
	require.Equal(t, Failed, p.deliveries()[0].Delivery.State)
}

func TestADeletedEndpointIsNobodysAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.happens()
	require.NoError(t, p.Delete(t.Context(), p.owner, p.hook.Webhook.ID))
	require.Error(t, p.Delete(t.Context(), p.owner, p.hook.Webhook.ID))
	require.Zero(t, p.works())
	list, err := p.List(t.Context(), p.owner)
	require.NoError(t, err)
	require.Empty(t, list)
	require.Equal(t, 1, p.count(`SELECT count(*) FROM webhooks WHERE sealed_secret = '' AND url = ''`))
	after := p.now().AddDate(0, 0, 1)
	for _, forget := range []func() (int64, error){
		func() (int64, error) { return p.queries.WebhookDeliveryDeleteGone(t.Context(), p.store, after) },
		func() (int64, error) { return p.queries.WebhookDeleteGone(t.Context(), p.store, after) },
	} {
		rows, err := forget()
		require.NoError(t, err)
		require.Equal(t, int64(1), rows)
	}
}

func TestWhatWasTriedForADayEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for range 3 {
		p.happens()
	}
	p.later(giveUpAfter)
	p.works()
	for _, sent := range p.deliveries() {
		require.Equal(t, Failed, sent.Delivery.State)
		require.Equal(t, gaveUp, sent.Delivery.Problem)
	}
	require.Zero(t, p.reached.Load())
}

func TestAnEndpointIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(503)
	p.after.Store("3600")
	p.happens()
	p.happens()
	p.works()
	p.later(longestRest)
	require.Zero(t, p.works())
	p.later(2 * day / 24)
	require.Equal(t, 1, p.works())
}

func TestAPreviousSecretThatDoesNotOpenSpoilsNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, err := p.Rotate(t.Context(), RotateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID})
	require.NoError(t, err)
	_, err = p.store.Pool().Exec(t.Context(), `UPDATE webhooks SET sealed_previous_secret = 'x'`)
	require.NoError(t, err)
	p.happens()
	p.works()
	require.Equal(t, Delivered, p.deliveries()[0].Delivery.State)
	p.later(2 * day)
	done, err := p.RotateKey(t.Context())
	require.NoError(t, err)
	require.Empty(t, done.Failed, "its time is over")
	rows, err := p.queries.WebhookEraseSecrets(t.Context(), p.store, p.now())
	require.NoError(t, err)
	require.Equal(t, int64(1), rows)
	require.Nil(t, p.webhook().sealedPreviousSecret)
}

func TestOfAURLOnlyItsOriginIsTold(t *testing.T) {
	t.Parallel()
	require.Equal(t, "https://example.org:8443", origin("https://example.org:8443/services/T0/secret?token=b"))
}
