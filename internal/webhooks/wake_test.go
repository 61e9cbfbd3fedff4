package webhooks

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wakes reports that Run was woken.
func (p *place) wakes(what string) {
	p.t.Helper()
	select {
	case <-p.woken:
	case <-time.After(time.Minute):
		require.Fail(p.t, "nobody was woken", what)
	}
}

func TestWhoSendsIsToldWhatThereIs(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(500)
	event := p.happens()
	p.works()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.store.Listen(ctx, p.Listener())
	}()
	defer func() {
		cancel()
		<-ended
	}()
	p.wakes("by the beginning: something may have been missed before")
	p.happens()
	p.wakes("by an event")
	_, err := p.Resend(t.Context(), ResendInput{OwnerID: p.owner, WebhookID: p.hook.Webhook.ID, EventID: event})
	require.NoError(t, err)
	p.wakes("by who wants an event sent again")
}

func TestHowLongNothingIsLookedFor(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	require.Equal(t, longestSleep, p.sleepsFor(t.Context()), "nothing waits")
	p.status.Store(500)
	p.happens()
	require.Equal(t, lookAgain, p.sleepsFor(t.Context()), "somebody else has their share first, or sends it")
	require.Equal(t, 1, p.works())
	wait := p.sleepsFor(t.Context())
	require.Greater(t, wait, lookAgain, "until it is tried again")
	require.Less(t, wait, longestSleep)
}

func TestNothingIsLeftToFanOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, left, err := p.fanOut(t.Context(), p.owner)
	require.NoError(t, err)
	require.Equal(t, moreBacklog, left, "those before may have some")
	after, left, err := p.fanOut(t.Context(), [16]byte{})
	require.NoError(t, err)
	require.Equal(t, noBacklog, left)
	require.Zero(t, after)
}
