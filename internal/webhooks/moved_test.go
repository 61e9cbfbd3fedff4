package webhooks

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever gives an endpoint another URL has mended it: it has failed nowhere there, and what waits is sent at once.
func TestAnotherURLBeginsAfresh(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(500)
	p.happens()
	for range 6 {
		p.works()
		p.later(time.Hour)
	}
	p.works()
	before := p.webhook()
	require.Greater(t, before.failures, int32(5))
	p.happens()
	require.Zero(t, p.works(), "it rests")
	changed := func(in Draft, fields ...string) Webhook {
		in.Reach = p.Reach()
		updated, err := p.Update(t.Context(), UpdateInput{OwnerID: p.owner, ID: p.hook.Webhook.ID, Fields: fields, Draft: in})
		require.NoError(t, err)
		return updated
	}
	same := changed(Draft{URL: before.URL, Description: "Ours"}, "url", "description")
	require.Equal(t, before.failures, same.failures, "the same URL is no other")
	require.Equal(t, before.FailingSince, same.FailingSince)
	require.Zero(t, p.works(), "and rests")

	var reached atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(server.Close)
	moved := changed(Draft{URL: server.URL}, "url")
	require.Equal(t, server.URL, moved.URL)
	require.Zero(t, moved.failures)
	require.Nil(t, moved.FailingSince)
	require.Equal(t, 1, p.works())
	require.Equal(t, int64(2), reached.Load())
	for _, sent := range p.deliveries() {
		require.Equal(t, Delivered, sent.Delivery.State)
	}
}

// While it is off nothing waits for it, and another URL does not switch it on.
func TestAnotherURLSwitchesNothingOn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.status.Store(410)
	p.happens()
	p.works()
	off := p.webhook()
	require.Equal(t, OffGone, off.OffReason)
	moved, err := p.Update(t.Context(), UpdateInput{
		OwnerID: p.owner, ID: p.hook.Webhook.ID, Fields: []string{"url"}, Draft: Draft{URL: "http://127.0.0.1:9/", Reach: p.Reach()},
	})
	require.NoError(t, err)
	require.Equal(t, OffGone, moved.OffReason)
	require.Equal(t, off.FailingSince, moved.FailingSince)
	require.Zero(t, p.works())
}
