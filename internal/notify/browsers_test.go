package notify_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// newPushWorld is a world whose push messages go to browsers.
func newPushWorld(t *testing.T, change ...func(*app.Config)) *world {
	t.Helper()
	key, err := webpush.NewKey()
	require.NoError(t, err)
	byWebPush := func(c *app.Config) {
		c.WebPush = app.WebPushConfig{PrivateKey: app.Secret(key), Contact: "mailto:ops@example.org", AllowPrivate: true}
	}
	return newWorld(t, append([]func(*app.Config){byWebPush}, change...)...)
}

func (w *world) publicKey() string {
	w.T.Helper()
	res, err := w.notifications().ListPushSubscriptions(w.T.Context(), &postwrightv1.ListPushSubscriptionsRequest{})
	require.NoError(w.T, err)
	return res.GetPublicKey()
}

// subscribe makes a browser and registers it.
func (w *world) subscribe(description string) (*sandbox.Browser, string) {
	w.T.Helper()
	b, err := w.Vendors.Subscribe(w.VendorsHTTP.URL, w.publicKey())
	require.NoError(w.T, err)
	res, err := w.notifications().RegisterPushSubscription(w.T.Context(), registration(b, description))
	require.NoError(w.T, err)
	return b, res.GetPushSubscription().GetId()
}

func registration(b *sandbox.Browser, description string) *postwrightv1.RegisterPushSubscriptionRequest {
	return &postwrightv1.RegisterPushSubscriptionRequest{
		Endpoint: b.Endpoint, Keys: &postwrightv1.PushSubscriptionKeys{P256Dh: b.P256dh, Auth: b.Auth}, Description: description,
	}
}

func (w *world) browsers() (ids []string) {
	w.T.Helper()
	res, err := w.notifications().ListPushSubscriptions(w.T.Context(), &postwrightv1.ListPushSubscriptionsRequest{})
	require.NoError(w.T, err)
	for _, b := range res.GetPushSubscriptions() {
		ids = append(ids, b.GetId())
	}
	return ids
}

// pushToSelf has the first user write to themselves.
func (w *world) pushToSelf() apptest.Answer {
	w.T.Helper()
	return w.Curl(w.Key, "NotificationService/SendPush",
		apptest.JSON(w.T, map[string]any{"userId": w.UserID("tess@example.org"), "title": "Hi", "message": "There"}))
}

// pushes are the push messages among those that the first user was told.
func (w *world) pushes() (all []*postwrightv1.Notification) {
	w.T.Helper()
	for _, n := range w.listed(100, false) {
		if n.GetChannel() == postwrightv1.NotificationChannel_NOTIFICATION_CHANNEL_PUSH {
			all = append(all, n)
		}
	}
	return all
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// The main job with Web Push: every browser of the author reads that the post is out, once, and no one else's does.
func TestThePublicationIsToldInBrowsers(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	laptop, _ := w.subscribe("Laptop")
	phone, _ := w.subscribe("")
	w.Publish(w.Draft("Read in browsers"))
	w.Idle()
	told := w.pushes()
	require.Len(t, told, 1)
	require.Equal(t, "webpush", told[0].GetSender())
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED, told[0].GetState())
	require.Empty(t, told[0].GetProblem())
	for _, b := range []*sandbox.Browser{laptop, phone} {
		require.Len(t, b.Read(), 1)
		require.Contains(t, b.Read()[0], fmt.Sprintf(`{"id":%q,"event":"published","title":"Your post is on LinkedIn","body":"`, told[0].GetId()))
		require.Contains(t, b.Read()[0], "Read in browsers")
	}
	require.Positive(t, w.Scrape()["notifications_total channel=push outcome=delivered sender=webpush"])
	require.Zero(t, w.Count(`SELECT count(*) FROM push_subscriptions WHERE position(convert_to('`+laptop.Auth+`', 'UTF8') in sealed_auth) > 0`))
	a := w.pushToSelf()
	require.JSONEq(t, `{"delivered":true,"sender":"webpush"}`, string(a.Body))
	require.JSONEq(t, `{"title":"Hi","body":"There"}`, laptop.Read()[1])
}

// A browser that is down is tried again, and it alone; one that is gone is removed, and the record says so.
func TestABrowserThatIsDownIsTriedAgainAndOneThatIsGoneIsRemoved(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	good, goodID := w.subscribe("Good")
	gone, _ := w.subscribe("Gone")
	down, downID := w.subscribe("Down")
	gone.Answers(status(http.StatusGone))
	down.Answers(status(http.StatusServiceUnavailable))
	w.Publish(w.Draft("Told in turn"))
	w.Idle()
	told := w.pushes()[0]
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_WAITING, told.GetState())
	require.Equal(t, "Not every browser took it. Gone: its subscription is gone (410), and was removed; Down: the push service is down (503).",
		told.GetProblem())
	require.Equal(t, []string{goodID, downID}, w.browsers())

	down.Answers(nil)
	w.wake()
	told = w.pushes()[0]
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED, told.GetState())
	require.Equal(t, int32(2), told.GetAttempts())
	require.Len(t, down.Read(), 1)
	require.Equal(t, 1, good.Calls(), "each browser is told once")
	require.Equal(t, 1, gone.Calls())
}

// What is in doubt at one browser is not sent again by itself; sent again by hand, it goes to those that have not taken it.
func TestWhatWasGivenUpIsSentAgainToTheRest(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	good, _ := w.subscribe("Good")
	down, _ := w.subscribe("Down")
	mute, _ := w.subscribe("Mute")
	down.Answers(status(http.StatusTooManyRequests))
	mute.Answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	w.Publish(w.Draft("In doubt"))
	w.Idle()
	told := w.pushes()[0]
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_FAILED, told.GetState())
	require.Contains(t, told.GetProblem(), "Mute: its push service did not say whether it took the message")
	down.Answers(nil)
	mute.Answers(nil)
	_, err := w.notifications().ResendNotification(t.Context(), &postwrightv1.ResendNotificationRequest{Id: told.GetId()})
	require.NoError(t, err)
	w.Idle()
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED, w.pushes()[0].GetState())
	require.Len(t, down.Read(), 1)
	require.Len(t, mute.Read(), 1)
	require.Equal(t, 1, good.Calls())
}

func TestBrowsersAreRegisteredRenewedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	first, id := w.subscribe("First")
	again, err := w.notifications().RegisterPushSubscription(t.Context(), registration(first, "Renamed"))
	require.NoError(t, err)
	require.Equal(t, id, again.GetPushSubscription().GetId(), "the same endpoint is the same browser")
	require.Equal(t, "Renamed", again.GetPushSubscription().GetDescription())
	for range 19 {
		w.subscribe("")
	}
	_, err = w.notifications().RegisterPushSubscription(t.Context(), registration(first, ""))
	require.NoError(t, err, "one that is there is renewed")
	more, err := w.Vendors.Subscribe(w.VendorsHTTP.URL, w.publicKey())
	require.NoError(t, err)
	_, err = w.notifications().RegisterPushSubscription(t.Context(), registration(more, ""))
	require.ErrorContains(t, err, "20 browsers")
	_, err = w.notifications().DeletePushSubscription(t.Context(), &postwrightv1.DeletePushSubscriptionRequest{Id: id})
	require.NoError(t, err)
	require.NotContains(t, w.browsers(), id)
	_, err = w.notifications().DeletePushSubscription(t.Context(), &postwrightv1.DeletePushSubscriptionRequest{Id: id})
	require.ErrorContains(t, err, "no such push subscription")

	a := w.Curl(w.Key, "NotificationService/RegisterPushSubscription",
		[]byte(`{"endpoint":"ftp://example.org","keys":{"p256dh":"x"},"description":"a\nb"}`))
	require.Equal(t, http.StatusBadRequest, a.Status)
	for _, path := range []string{"endpoint", "keys.p256dh", "keys.auth", "description"} {
		require.Contains(t, string(a.Body), path)
	}
}

func TestNoBrowserIsRegisteredWhereItCanNotBeReached(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t, func(c *app.Config) { c.WebPush.AllowPrivate = false })
	w.Serve()
	b, err := w.Vendors.Subscribe(w.VendorsHTTP.URL, w.publicKey())
	require.NoError(t, err)
	_, err = w.notifications().RegisterPushSubscription(t.Context(), registration(b, ""))
	require.ErrorContains(t, err, "--webpush-allow-private")
	off := newWorld(t)
	off.Serve()
	require.Empty(t, off.publicKey())
	b.Endpoint = "https://push.example.org/1"
	_, err = off.notifications().RegisterPushSubscription(t.Context(), registration(b, ""))
	require.ErrorContains(t, err, "--webpush-private-key")
}

// Who has no browser is told nothing there by itself; what they send there themselves is on record with the reason.
func TestWhoHasNoBrowserIsToldThereOnlyWhatTheySend(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	w.Publish(w.Draft("Nobody is subscribed"))
	w.Idle()
	require.Empty(t, w.pushes())
	require.Len(t, w.listed(100, false), 1, "the e-mail")
	a := w.pushToSelf()
	require.JSONEq(t, `{"sender":"webpush"}`, string(a.Body))
	require.Contains(t, w.pushes()[0].GetProblem(), "no browser is subscribed")
}

// A browser is its owner's: nobody else sees it, removes it, or writes to it. One that two people use is told what both are.
func TestABrowserIsItsOwners(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	mine, id := w.subscribe("Mine")
	theirs := postwrightv1connect.NewNotificationServiceClient(w.Client(w.User("ben@example.org")))
	list, err := theirs.ListPushSubscriptions(t.Context(), &postwrightv1.ListPushSubscriptionsRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetPushSubscriptions())
	_, err = theirs.DeletePushSubscription(t.Context(), &postwrightv1.DeletePushSubscriptionRequest{Id: id})
	require.ErrorContains(t, err, "no such push subscription")
	shared, err := theirs.RegisterPushSubscription(t.Context(), registration(mine, "The same"))
	require.NoError(t, err)
	require.NotEqual(t, id, shared.GetPushSubscription().GetId())
	push := func(client postwrightv1connect.NotificationServiceClient, user string) {
		res, err := client.SendPush(t.Context(), &postwrightv1.SendPushRequest{UserId: w.UserID(user), Title: "To " + user, Message: "Text"})
		require.NoError(t, err)
		require.True(t, res.GetDelivered())
	}
	push(theirs, "ben@example.org")
	_, err = theirs.DeletePushSubscription(t.Context(), &postwrightv1.DeletePushSubscriptionRequest{Id: shared.GetPushSubscription().GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{id}, w.browsers())
	push(w.notifications(), "tess@example.org")
	require.Equal(t, []string{`{"title":"To ben@example.org","body":"Text"}`, `{"title":"To tess@example.org","body":"Text"}`}, mine.Read())
}

// Preferences hold for browsers as for everything else: what is not wanted there is not sent, and quiet hours are kept.
func TestBrowsersKeepPreferencesAndQuietHours(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	browser, _ := w.subscribe("")
	set := func(preferences, mask string) {
		a := w.Curl(w.Key, "NotificationService/UpdatePreferences", []byte(`{"preferences":`+preferences+`,"updateMask":"`+mask+`"}`))
		require.Equal(t, http.StatusOK, a.Status, string(a.Body))
	}
	set(`{"events":[{"event":"NOTIFICATION_EVENT_PUBLISHED","email":true}]}`, "events")
	w.Publish(w.Draft("By e-mail alone"))
	w.Idle()
	require.Zero(t, browser.Calls())

	now := time.Now().UTC()
	quiet := fmt.Sprintf(`{"quietHours":{"startTime":%q,"endTime":%q,"timeZone":"UTC"}}`,
		now.Add(-time.Hour).Format("15:04"), now.Add(time.Hour).Format("15:04"))
	set(quiet, "events,quietHours")
	w.Publish(w.Draft("In peace"))
	w.Idle()
	require.Zero(t, browser.Calls())
	set(`{}`, "quietHours")
	w.wake()
	require.Len(t, browser.Read(), 1)
	require.Contains(t, browser.Read()[0], "In peace")
	require.Equal(t, 1, browser.Calls())
}

func TestBrowsersSecretsAreSealedAnew(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	w.Serve()
	b, _ := w.subscribe("Laptop")
	rotated, err := accounts.RotateKeyset(w.Config.LinkedIn.TokenKeyset.Reveal())
	require.NoError(t, err)
	cfg := w.Config
	cfg.LinkedIn.TokenKeyset = app.Secret(rotated)
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(a.Close)
	for _, sealed := range []int{1, 0} {
		done, err := a.Browsers.RotateKey(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, done.Browsers)
		require.Equal(t, sealed, done.Sealed)
		require.Empty(t, done.Failed)
	}
	w.Publish(w.Draft("With the key of before"))
	w.Idle()
	require.Empty(t, b.Read(), "the server that has the old keyset alone can't write to it")
	require.Contains(t, w.pushes()[0].GetProblem(), "sealed with a key that this server does not have")
}
