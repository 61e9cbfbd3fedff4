package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/sandbox"
)

func (w *world) email(key, to, subject string) answer {
	w.t.Helper()
	return w.curl(key, "NotificationService/SendEmail", jsonOf(w.t, map[string]any{"to": to, "subject": subject, "content": "Two\nlines\tand a tab"}))
}

func (w *world) push(key, userID, title string) answer {
	w.t.Helper()
	return w.curl(key, "NotificationService/SendPush", jsonOf(w.t, map[string]any{"userId": userID, "title": title, "message": "Two\nlines"}))
}

// A key reaches its owner and whom the operator allows: it is no relay to anybody else.
func TestMessagesReachTheCallerAndWhomTheOperatorAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Notification.Allow = []string{"Team@Example.com", "@allowed.example"} })
	other := w.user("other@example.org")
	require.NotEmpty(t, other)
	w.serve()
	for to, reached := range map[string]string{
		"tess@example.org": "tess@example.org", "Tess@EXAMPLE.ORG": "tess@example.org", "team@example.com": "Team@example.com",
		"any.one+tag@Allowed.Example": "any.one+tag@allowed.example",
		"other@example.org":           "", "tess@example.com": "", "tess+tag@example.org": "", "x@sub.allowed.example": "", "x@allowed.example.org": "",
		"x@notallowed.example": "", "tess@xn--exmple-cua.org": "", "tess@exаmple.org": "", "tess@example.org.evil.example": "",
	} {
		before := len(w.vendors.Notifications())
		a := w.email(w.key, to, "Hello")
		sent := w.vendors.Notifications()[before:]
		if reached == "" {
			require.Equal(t, http.StatusForbidden, a.status, "%s: %s", to, a.body)
			require.Equal(t, "permission_denied", a.failure(t).Code)
			require.Contains(t, a.failure(t).fields(t)["to"], "--notification-allow")
			require.Contains(t, string(a.body), "RECIPIENT_NOT_ALLOWED")
			require.NotContains(t, string(a.body), "exists")
			require.Empty(t, sent, to)
			continue
		}
		require.JSONEq(t, `{"delivered":true}`, string(a.body), to)
		require.Len(t, sent, 1)
		require.Equal(t, reached, sent[0].Recipient, "the address as it was registered, or written by the operator")
	}

	own, others := w.userID("tess@example.org"), w.userID("other@example.org")
	require.JSONEq(t, `{"delivered":true}`, string(w.push(w.key, own, "Hello").body))
	require.JSONEq(t, `{"delivered":true}`, string(w.push(w.key, strings.ToUpper(own), "Hello").body))
	for _, foreign := range []string{others, "somebody", "{" + own + "}", "urn:uuid:" + own, own + " "} {
		a := w.push(w.key, foreign, "Hello")
		require.Equal(t, http.StatusForbidden, a.status, "%s: %s", foreign, a.body)
		require.Contains(t, a.failure(t).fields(t)["userId"], own)
	}
	require.Zero(t, w.count(`SELECT count(*) FROM notifications WHERE recipient LIKE '%other%'`), "what is refused leaves nothing behind")
}

// Whatever would write another header, or hide what is written, is refused with the field's name.
func TestAMessageHasPlainRecipientsAndOneLineSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	own := w.userID("tess@example.org")
	for _, to := range []string{
		"tess@example.org\r\nBcc: x@example.com", "tess@example.org\n", "Tess <tess@example.org>", "tess@example.org,x@example.com",
		"tess@example.org;x@example.com", "tess@example.org x@example.com", `"tess"@example.org`, `"a b"@example.org`, "tess@example.org.", "tess@example..org",
		"tess@exam_ple.org", "tëss@example.org", "tess@[127.0.0.1]", "<tess@example.org>", "tess", "@example.org", "tess@example.org\x00",
	} {
		a := w.email(w.key, to, "Hello")
		require.Equal(t, http.StatusBadRequest, a.status, "%q: %s", to, a.body)
		require.Contains(t, a.failure(t).fields(t), "to", "%q", to)
	}
	for _, line := range []string{"a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\tb", "a\x1bb", "a\x7fb", "a\u0085b", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b", "a\x00b"} {
		a := w.email(w.key, "tess@example.org", line)
		require.Equal(t, http.StatusBadRequest, a.status, "%q: %s", line, a.body)
		require.Contains(t, a.failure(t).fields(t), "subject", "%q", line)
		a = w.push(w.key, own, line)
		require.Equal(t, http.StatusBadRequest, a.status, "%q: %s", line, a.body)
		require.Contains(t, a.failure(t).fields(t), "title", "%q", line)
	}
	a := w.curl(w.key, "NotificationService/SendEmail", jsonOf(t, map[string]any{"to": "nobody", "subject": "a\nb", "content": "a\x1bb"}))
	require.Len(t, a.failure(t).fields(t), 3, "all at once: %s", a.body)
	require.Empty(t, w.vendors.Notifications())
}

// A name at LinkedIn, or a post's text, is somebody else's words: what it would do to a subject is taken out.
func TestNamesAndTextsOfOthersWriteNoHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	w.exec(`UPDATE linkedin_accounts SET display_name = E'Tess\r\nBcc: x@example.com \u202Egpj' || repeat('x', 500), token_expires_at = now() + interval '1 hour'`)
	w.vendors.Revoke("tester")
	w.publish(w.draft("Never out\u0085 \x1b[31m of the queue"))
	w.idle()
	require.Eventually(t, func() bool { return len(w.vendors.Notifications()) >= 2 }, waitLimit, waitStep)
	for _, n := range w.vendors.Notifications() {
		require.Contains(t, n.Subject, "Tess Bcc: x@example.com gpj")
		require.NotContains(t, n.Subject, "\n")
		require.NotContains(t, n.Subject, "\u202e")
		require.LessOrEqual(t, len([]rune(n.Subject)), 200)
		require.NotContains(t, n.Content, "\x1b")
	}
}

// What a user sends is counted in the database: several processes, e-mail and push together, one day, delivered or not.
func TestADaysMessagesAreCountedOverAllProcesses(t *testing.T) {
	t.Parallel()
	const limit, more = 7, 20
	w := newWorld(t, func(c *app.Config) { c.Notification.DailyLimit = app.Count{Value: limit} })
	w.serve()
	second, _ := w.run(w.node(w.cfg))
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "notification", Operation: "sendEmail", Mode: sandbox.Status, Value: "400", Times: 1}))
	own := w.userID("tess@example.org")
	first, key := w.url, w.key
	answers := make(chan answer, more)
	var all sync.WaitGroup
	for i := range more {
		node := *w
		node.url = []string{first, second}[i%2]
		all.Go(func() {
			if i%4 < 2 {
				answers <- node.email(key, "tess@example.org", "Hello")
				return
			}
			answers <- node.push(key, own, "Hello")
		})
	}
	all.Wait()
	close(answers)
	taken := 0
	for a := range answers {
		if a.status == http.StatusOK {
			taken++
			continue
		}
		require.Equal(t, http.StatusTooManyRequests, a.status, "%s", a.body)
		require.Equal(t, "resource_exhausted", a.failure(t).Code)
		require.Contains(t, a.failure(t).Message, "00:00 UTC")
		wait := retryDelay(t, a)
		left := time.Until(app.Now().Truncate(24 * time.Hour).Add(24 * time.Hour))
		require.InDelta(t, left.Seconds(), wait.Seconds(), 60)
	}
	require.Equal(t, limit, taken, "the one that was not delivered too")
	require.Equal(t, limit, w.count(`SELECT sent FROM notification_counts WHERE allowance = 'requested'`))

	stranger := w.user("stranger@example.org")
	require.JSONEq(t, `{"delivered":true}`, string(w.email(stranger, "stranger@example.org", "Hello").body), "another owner has a day of their own")
	w.exec(`UPDATE notification_counts SET day = day - interval '1 day'`)
	require.JSONEq(t, `{"delivered":true}`, string(w.email(w.key, "tess@example.org", "Hello").body), "so has another day")
}

func retryDelay(t *testing.T, a answer) time.Duration {
	t.Helper()
	for _, d := range a.failure(t).Details {
		if d.Type == "google.rpc.RetryInfo" {
			var info struct{ RetryDelay string }
			require.NoError(t, json.Unmarshal(d.Debug, &info), "%s", d.Debug)
			wait, err := time.ParseDuration(info.RetryDelay)
			require.NoError(t, err)
			return wait
		}
	}
	t.Fatalf("no RetryInfo: %s", a.body)
	return 0
}

func TestWithoutADailyLimitNobodySends(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Notification.DailyLimit = app.Count{} })
	w.serve()
	a := w.email(w.key, "tess@example.org", "Hello")
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.failure(t).Message, "--notification-daily-limit")
}

// Many posts that went out fill neither a person's inbox, nor the room for news of those that did not; the last message says
// that there may be more to see, and what was not sent is on record.
func TestABatchFloodsNobodyAndHidesNoTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.Notification.AutomaticDailyLimit, c.Notification.DailyLimit = app.Count{Value: 2}, app.Count{Value: 1}
	})
	w.serve()
	for i := range 4 {
		w.publish(w.draft(fmt.Sprintf("It goes out: %d", i)))
		w.idle()
	}
	told := w.vendors.Notifications()
	require.Len(t, told, 4, "two by each channel")
	closing := 0
	for _, n := range told {
		require.Equal(t, "Your post is on LinkedIn", n.Subject)
		if strings.Contains(n.Content, "ListPosts") {
			closing++
		}
	}
	require.Equal(t, 2, closing)
	require.Equal(t, 4, w.count(`SELECT count(*) FROM notifications WHERE NOT delivered AND problem LIKE '%--notification-automatic-daily-limit%'`))

	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Status, Value: "422"}))
	w.publish(w.draft("It does not"))
	w.idle()
	require.Len(t, w.vendors.Notifications(), 6, "trouble has room of its own")
	require.JSONEq(t, `{"delivered":true}`, string(w.email(w.key, "tess@example.org", "Hello").body), "and so has what the user sends")
}
