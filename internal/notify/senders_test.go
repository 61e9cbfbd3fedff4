package notify_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/smtp/smtptest"
)

func (w *world) notifications() postwrightv1connect.NotificationServiceClient {
	return postwrightv1connect.NewNotificationServiceClient(w.Client(w.Key))
}

// listed is all that the first user was told, newest first, by the pages of a size.
func (w *world) listed(size int32, failed bool) (all []*postwrightv1.Notification) {
	w.T.Helper()
	req := &postwrightv1.ListNotificationsRequest{PageSize: size, Failed: failed}
	for {
		res, err := w.notifications().ListNotifications(w.T.Context(), req)
		require.NoError(w.T, err)
		all = append(all, res.GetNotifications()...)
		if req.PageToken = res.GetNextPageToken(); req.PageToken == "" {
			return all
		}
	}
}

// wake lets what waits for a time run at once.
func (w *world) wake() {
	w.T.Helper()
	w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled' AND kind LIKE 'notify%'`)
	w.Idle()
}

// safeBuffer is written by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Where nothing is set up, people are told all the same: in the log and by ListNotifications.
func TestWithoutAVendorMessagesAreLogged(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	w := &world{*apptest.NewLogged(t, slog.New(slog.NewTextHandler(&log, nil)), func(c *app.Config) { c.Notification.URL = "" })}
	w.Serve()
	post, _ := w.Publish(w.Draft("Heard by the log"))
	w.Idle()
	told := w.listed(10, false)
	require.Len(t, told, 2)
	for _, n := range told {
		require.Equal(t, "log", n.GetSender())
		require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED, n.GetState())
		require.Equal(t, postwrightv1.NotificationEvent_NOTIFICATION_EVENT_PUBLISHED, n.GetEvent())
		require.Equal(t, post.GetId(), n.GetPostId())
		require.Equal(t, int32(1), n.GetAttempts())
	}
	require.Regexp(t, `msg=notification channel=email owner_id=\S+ event=published subject="Your post is on LinkedIn" content=".*Heard by the log`,
		log.String())
	require.JSONEq(t, `{"delivered":true,"sender":"log"}`, string(w.email(w.Key, "tess@example.org", "Hello").Body))
	a := w.Curl(w.Key, "NotificationService/SendEmail", apptest.JSON(t, map[string]any{
		"to": "tess@example.org", "subject": "Long", "content": strings.Repeat("x", 50_000),
	}))
	require.Equal(t, http.StatusOK, a.Status)
	require.NotContains(t, log.String(), strings.Repeat("x", 1_000), "no log line grows with what a caller writes")
	require.Empty(t, w.Vendors.Notifications())
	require.InDelta(t, 3, w.Scrape()["notifications_total channel=email outcome=delivered sender=log"], 0)
}

// The main job with a mail server: what the author reads is a text and a page with a link to the post.
func TestThePublicationIsToldThroughAMailServer(t *testing.T) {
	t.Parallel()
	server := smtptest.Serve(t, smtptest.Nothing, "localhost")
	w := newWorld(t, func(c *app.Config) {
		c.SMTP = app.SMTPConfig{URL: app.Secret("smtp://" + smtptest.UserInfo + "@localhost:" + server.Port), From: "Postwright <posts@example.com>"}
	})
	w.Serve()
	post, _ := w.Publish(w.Draft("Read <b>by</b> mail"))
	w.Idle()
	require.Len(t, server.Taken(), 1)
	got := server.Taken()[0]
	require.Equal(t, []string{"tess@example.org"}, got.To)
	require.Equal(t, smtptest.User, got.User)
	texts := alternatives(t, got.Data)
	require.Contains(t, texts["text/plain"], post.GetPermalink())
	require.Contains(t, texts["text/html"], `<a href="`+post.GetPermalink()+`">`)
	require.Contains(t, texts["text/html"], "Read &lt;b&gt;by&lt;/b&gt; mail")
	require.Len(t, w.Vendors.Notifications(), 1, "push goes by the notification API")
	require.JSONEq(t, `{"delivered":true,"sender":"smtp"}`, string(w.email(w.Key, "tess@example.org", "Hello").Body))
	require.Equal(t, http.StatusForbidden, w.email(w.Key, "x@example.com", "Hello").Status, "the mail server is no relay either")
	require.Len(t, server.Taken(), 2)
	require.Positive(t, w.Scrape()["notifications_total channel=email outcome=delivered sender=smtp"])
	require.Contains(t, w.Scrape(), "api_breaker_state host=localhost vendor=smtp")
	require.Zero(t, w.Count(`SELECT count(*) FROM notifications WHERE content <> '' OR html <> ''`), "what was delivered is not kept")
}

// alternatives are the texts of a mail by their types.
func alternatives(t *testing.T, data string) map[string]string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	require.NoError(t, err)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	texts := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextPart()
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			return texts
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		texts[kind] = string(text)
	}
}

// What surely did not go out is tried again, and is on record meanwhile; what is refused is given up, and can be sent again.
func TestWhatDidNotGoOutIsTriedAgainAndCanBeResent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Notification.DailyLimit = app.Count{Value: 2} })
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Operation: "sendEmail", Mode: sandbox.Status, Value: "503", Times: 1}))
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Operation: "sendPush", Mode: sandbox.Status, Value: "400", Times: 1}))
	w.Publish(w.Draft("Later"))
	w.Idle()
	byChannel := func() (email, push *postwrightv1.Notification) {
		for _, n := range w.listed(1, false) {
			if n.GetChannel() == postwrightv1.NotificationChannel_NOTIFICATION_CHANNEL_EMAIL {
				email = n
			} else {
				push = n
			}
		}
		return email, push
	}
	email, push := byChannel()
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_WAITING, email.GetState())
	require.NotEmpty(t, email.GetProblem())
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_FAILED, push.GetState())
	require.NotEmpty(t, push.GetProblem())
	require.Equal(t, []*postwrightv1.Notification{push}, w.listed(10, true))

	w.wake()
	email, _ = byChannel()
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED, email.GetState())
	require.Equal(t, int32(2), email.GetAttempts())
	require.Empty(t, email.GetProblem())

	resend := func(key, id string) apptest.Answer {
		return w.Curl(key, "NotificationService/ResendNotification", []byte(`{"id":"`+id+`"}`))
	}
	stranger := w.User("stranger@example.org")
	require.Equal(t, http.StatusNotFound, resend(stranger, push.GetId()).Status)
	a := resend(w.Key, email.GetId())
	require.Equal(t, "failed_precondition", a.Failure(t).Code)
	require.Contains(t, string(a.Body), "NOTIFICATION_NOT_RESENDABLE")
	require.Equal(t, http.StatusOK, resend(w.Key, push.GetId()).Status)
	w.Idle()
	_, push = byChannel()
	require.Equal(t, postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED, push.GetState())
	require.Empty(t, w.listed(10, true))
	told := w.Vendors.Notifications()
	require.Len(t, told, 2)
	require.Contains(t, told[1].Content, "Later")

	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Operation: "sendEmail", Mode: sandbox.Status, Value: "400"}))
	require.JSONEq(t, `{"sender":"api"}`, string(w.email(w.Key, "tess@example.org", "Mine").Body))
	failed := w.listed(10, true)
	require.Len(t, failed, 1)
	require.Equal(t, postwrightv1.NotificationEvent_NOTIFICATION_EVENT_UNSPECIFIED, failed[0].GetEvent())
	require.Contains(t, string(resend(w.Key, failed[0].GetId()).Body), "SendEmail", "what a caller wrote is not kept")
	w.Publish(w.Draft("And again"))
	w.Idle()
	require.Equal(t, "resource_exhausted", resend(w.Key, w.listed(10, true)[0].GetId()).Failure(t).Code, "it counts as if the user had sent it")
}

// A try that comes later is in nobody's night, and tells nobody what they have switched off meanwhile; who asks for it gets it.
func TestATryThatComesLaterIsWantedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Mode: sandbox.Status, Value: "503", Times: 2}))
	w.Publish(w.Draft("Told late"))
	w.Idle()
	change := func(mask, preferences string) {
		t.Helper()
		a := w.Curl(w.Key, "NotificationService/UpdatePreferences", []byte(`{"preferences":`+preferences+`,"updateMask":"`+mask+`"}`))
		require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	}
	now := time.Now().UTC()
	change("quietHours", fmt.Sprintf(`{"quietHours":{"startTime":%q,"endTime":%q,"timeZone":"UTC"}}`,
		now.Add(-2*time.Hour).Format("15:04"), now.Add(2*time.Hour).Format("15:04")))
	w.wake()
	require.Empty(t, w.Vendors.Notifications(), "it is night")
	require.Len(t, w.listed(10, false), 2)
	require.Empty(t, w.listed(10, true), "they wait")
	change("quietHours", `{}`)
	change("events", `{"events":[{"event":"NOTIFICATION_EVENT_PUBLISHED","email":false,"push":true}]}`)
	w.wake()
	told := w.Vendors.Notifications()
	require.Len(t, told, 1)
	require.Equal(t, "push", told[0].Channel)
	failed := w.listed(10, true)
	require.Len(t, failed, 1)
	require.Contains(t, failed[0].GetProblem(), "switched off")
	a := w.Curl(w.Key, "NotificationService/ResendNotification", []byte(`{"id":"`+failed[0].GetId()+`"}`))
	require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	w.Idle()
	require.Len(t, w.Vendors.Notifications(), 2)
}

// A message whose vendor stays away is given up at last, and one that is deleted meanwhile is nobody's failure.
func TestAMessageIsNotTriedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Mode: sandbox.Status, Value: "503"}))
	w.Publish(w.Draft("Never"))
	w.Idle()
	for range 5 {
		require.Equal(t, 2, w.Count(`SELECT count(*) FROM notifications WHERE state = 'waiting'`))
		w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled' AND kind = 'notify_delivery'`)
		w.Idle()
	}
	require.Equal(t, 2, w.Count(`SELECT count(*) FROM notifications WHERE state = 'ended' AND NOT delivered AND attempts = 6`))
	require.Len(t, w.listed(1, true), 2)
	require.Equal(t, 2, w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'notify_delivery' AND state = 'completed'`))
}

func TestUsersSayWhatTheyAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	const everything = `"events":[` +
		`{"event":"NOTIFICATION_EVENT_PUBLISHED","email":true,"push":true},{"event":"NOTIFICATION_EVENT_FAILED","email":true,"push":true},` +
		`{"event":"NOTIFICATION_EVENT_UNCONFIRMED","email":true,"push":true},{"event":"NOTIFICATION_EVENT_WAITING","email":true,"push":true},` +
		`{"event":"NOTIFICATION_EVENT_TOKEN_EXPIRING","email":true,"push":true},{"event":"NOTIFICATION_EVENT_VERSION_ENDING","email":true,"push":true},` +
		`{"event":"NOTIFICATION_EVENT_WEBHOOK_OFF","email":true,"push":true}]`
	get := func(key string) string {
		return string(w.Curl(key, "NotificationService/GetPreferences", []byte(`{}`)).Body)
	}
	require.JSONEq(t, `{"preferences":{`+everything+`}}`, get(w.Key))
	update := func(body string) apptest.Answer {
		return w.Curl(w.Key, "NotificationService/UpdatePreferences", []byte(body))
	}

	a := update(`{"preferences":{"quietHours":{"startTime":"22:00","endTime":"07:00","timeZone":"Europe/Berlin"},
		"events":[{"event":"NOTIFICATION_EVENT_FAILED"}]},"updateMask":"quietHours"}`)
	require.JSONEq(
		t,
		`{"preferences":{`+everything+`,"quietHours":{"startTime":"22:00","endTime":"07:00","timeZone":"Europe/Berlin"}}}`,
		string(a.Body),
		"only what is in the mask changes",
	)
	a = update(`{"preferences":{"events":[{"event":"NOTIFICATION_EVENT_PUBLISHED","push":true}]},"updateMask":"events"}`)
	quieter := strings.Replace(everything, `"email":true`, `"email":false`, 1)
	quieter = strings.Replace(quieter, `"email":false,`, ``, 1)
	require.JSONEq(t, `{"preferences":{`+quieter+`,"quietHours":{"startTime":"22:00","endTime":"07:00","timeZone":"Europe/Berlin"}}}`, string(a.Body))
	a = update(`{"preferences":{},"updateMask":"quietHours"}`)
	require.JSONEq(t, `{"preferences":{`+quieter+`}}`, string(a.Body), "absent means cleared")
	require.JSONEq(t, `{"preferences":{`+everything+`}}`, get(w.User("other@example.org")), "everybody has their own")

	w.Publish(w.Draft("Told by push alone"))
	w.Idle()
	require.Len(t, w.Vendors.Notifications(), 1)
	require.Equal(t, "push", w.Vendors.Notifications()[0].Channel)
	require.Len(t, w.listed(10, false), 1)

	for body, fields := range map[string][]string{
		`{}`:                                 {"preferences", "updateMask"},
		`{"preferences":{}}`:                 {"updateMask"},
		`{"preferences":{},"updateMask":""}`: {"updateMask"},
		`{"preferences":{},"updateMask":"events,nonsense"}`:               {"updateMask"},
		`{"preferences":{"events":[{}]},"updateMask":"events"}`:           {"preferences.events[0].event"},
		`{"preferences":{"events":[{"event":77}]},"updateMask":"events"}`: {"preferences.events[0].event"},
		`{"preferences":{"events":[{"event":1},{"event":2},{"event":1}],"quietHours":{"startTime":"9","endTime":"25:00","timeZone":"berlin"}},` +
			`"updateMask":"events,quietHours"}`: {
			"preferences.events[2].event", "preferences.quietHours.startTime", "preferences.quietHours.endTime", "preferences.quietHours.timeZone",
		},
		`{"preferences":{"quietHours":{"startTime":"09:00","endTime":"09:00","timeZone":"Berlin"}},"updateMask":"quietHours"}`: {
			"preferences.quietHours.endTime", "preferences.quietHours.timeZone",
		},
	} {
		a := update(body)
		require.Equal(t, http.StatusBadRequest, a.Status, "%s: %s", body, a.Body)
		got := a.Failure(t).Fields(t)
		require.Len(t, got, len(fields), "%s: %s", body, a.Body)
		for _, field := range fields {
			require.Contains(t, got, field, body)
		}
	}
}

// What falls into quiet hours waits until their end, then tells how things stand: nothing is lost.
func TestQuietHoursAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	now := time.Now().UTC()
	start, end := now.Add(-2*time.Hour), now.Add(2*time.Hour)
	set := func(preferences string) {
		t.Helper()
		a := w.Curl(w.Key, "NotificationService/UpdatePreferences", []byte(`{"preferences":`+preferences+`,"updateMask":"quietHours"}`))
		require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	}
	set(fmt.Sprintf(`{"quietHours":{"startTime":%q,"endTime":%q,"timeZone":"UTC"}}`, start.Format("15:04"), end.Format("15:04")))
	w.Publish(w.Draft("In the night"))
	w.Publish(w.Draft("In the night, but no more by the morning"))
	w.Idle()
	w.Exec(`UPDATE posts SET state = 'unconfirmed', failure_code = 'PROCESS_DIED', published_at = NULL, linkedin_urn = '',
		revision = revision + 1 WHERE content = 'In the night, but no more by the morning'`)
	require.Empty(t, w.Vendors.Notifications())
	require.Empty(t, w.listed(10, false))
	require.Equal(t, 4, w.Count(fmt.Sprintf(
		`SELECT count(*) FROM river.river_job WHERE kind = 'notify_publication' AND state = 'scheduled' AND `+
			`abs(extract(epoch FROM scheduled_at) - %d) < 2`,
		end.Truncate(time.Minute).Unix())))
	require.JSONEq(t, `{"delivered":true,"sender":"api"}`, string(w.email(w.Key, "tess@example.org", "Hello").Body), "what a user sends is not held")
	w.wake()
	require.Len(t, w.Vendors.Notifications(), 1, "it is still night")
	set(`{}`)
	w.wake()
	require.Len(t, w.Vendors.Notifications(), 3, "what was told by two channels, and nothing of a post that has moved on")
}
