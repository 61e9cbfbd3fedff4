package webhooks_test

import (
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/smtp/smtptest"
	"github.com/postwright/postwright/internal/webhooks"
)

// runs has a job of a kind run now, and waits for its end.
func (w *world) runs(kind string) {
	w.T.Helper()
	w.Exec(`INSERT INTO river.river_job (args, kind, max_attempts, queue, state) VALUES ('{}', '` + kind + `', 5, 'default', 'available')`)
	w.Idle()
}

// What does not happen to a post's state is brought about for real, in a Postwright that runs: it arrives at the mail server and at the
// endpoint, by what each of them really gets.
func TestWhatEndangersPublishingArrivesByMailAndByWebhook(t *testing.T) {
	t.Parallel()
	for event, c := range map[string]struct {
		happens func(w *world)
		subject string
		says    map[string]any // among the event's data, by its path
	}{
		webhooks.PostWaiting: {func(w *world) {
			id := w.createPost("In a quarter of a year")
			w.call("PostService/SchedulePost", map[string]any{
				"id": id, "scheduledTime": time.Now().AddDate(0, 3, 0).UTC().Format(time.RFC3339), "timeZone": "Europe/Zurich",
			})
			w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE kind = 'publish_schedule_warning'`)
		}, "Your scheduled post may not go out", map[string]any{"post.state": "POST_STATE_SCHEDULED"}},
		webhooks.AccountPaused: {func(w *world) {
			w.Vendors.Revoke("tester")
			w.call("PostService/PublishPost", map[string]any{"id": w.createPost("Nobody lets me")})
		}, "LinkedIn does not accept Tess Ter any more", map[string]any{"account.displayName": "Tess Ter"}},
		webhooks.AccountTokenExpiring: {func(w *world) {
			w.Exec(`UPDATE linkedin_accounts SET token_expires_at = now() + interval '5 days 1 hour', checked_at = now()`)
			w.runs("sweep_accounts")
		}, "Tess Ter must be connected again within 6 days", map[string]any{"account.displayName": "Tess Ter"}},
		webhooks.VersionEnding: {func(w *world) {
			require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getPost", Mode: sandbox.VersionSunset}))
			w.runs("look_at_linkedin_version")
		}, "LinkedIn does not serve version 202609 any more", map[string]any{"linkedinVersion": "202609", "ended": true}},
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			server := smtptest.Serve(t, smtptest.Nothing, "localhost")
			w := newWorld(t, func(c *app.Config) {
				c.SMTP = app.SMTPConfig{URL: app.Secret("smtp://localhost:" + server.Port), From: "posts@example.com"}
				c.LinkedIn.Version = "202609"
			})
			w.Serve()
			w.Idle() // what is looked at when a process starts
			endpoint := newReceiver(t)
			_, secret := w.listen(endpoint.server.URL, event)
			c.happens(w)
			require.Eventually(t, func() bool { return len(endpoint.all()) > 0 && len(mailed(t, server, c.subject)) > 0 },
				apptest.WaitLimit, apptest.WaitStep)
			w.Idle()
			require.Len(t, endpoint.all(), 1)
			kind, data := endpoint.all()[0].event(t, secret)
			require.Equal(t, event, kind)
			for path, want := range c.says {
				require.Equal(t, want, field(data, strings.Split(path, ".")...), "%s of %v", path, data)
			}
			require.Len(t, mailed(t, server, c.subject), 1, "once")
			require.Equal(t, []string{"tess@example.org"}, mailed(t, server, c.subject)[0].To)
		})
	}
}

// mailed are the mails with a subject that the server took.
func mailed(t *testing.T, server *smtptest.Server, subject string) (found []smtptest.Received) {
	t.Helper()
	for _, taken := range server.Taken() {
		m, err := mail.ReadMessage(strings.NewReader(taken.Data))
		require.NoError(t, err)
		got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		require.NoError(t, err)
		if got == subject {
			found = append(found, taken)
		}
	}
	return found
}
