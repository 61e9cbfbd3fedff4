package notify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

func (w *world) email(key, to, subject string) apptest.Answer {
	w.T.Helper()
	return w.Curl(
		key,
		"NotificationService/SendEmail",
		apptest.JSON(w.T, map[string]any{"to": to, "subject": subject, "content": "Two\nlines\tand a tab"}),
	)
}

func (w *world) push(key, userID, title string) apptest.Answer {
	w.T.Helper()
	return w.Curl(key, "NotificationService/SendPush", apptest.JSON(w.T, map[string]any{"userId": userID, "title": title, "message": "Two\nlines"}))
}

// A key reaches its owner and whom the operator allows: it is no relay to anybody else.
func TestMessagesReachTheCallerAndWhomTheOperatorAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Notification.Allow = []string{"Team@Example.com", "@allowed.example"} })
	other := w.User("other@example.org")
	require.NotEmpty(t, other)
	w.Serve()
	for to, reached := range map[string]string{
		"tess@example.org": "tess@example.org", "Tess@EXAMPLE.ORG": "tess@example.org", "team@example.com": "Team@example.com",
		"any.one+tag@Allowed.Example": "any.one+tag@allowed.example",
		"other@example.org":           "", "tess@example.com": "", "tess+tag@example.org": "", "x@sub.allowed.example": "", "x@allowed.example.org": "",
		"x@notallowed.example": "", "tess@xn--exmple-cua.org": "", "tess@exаmple.org": "", "tess@example.org.evil.example": "",
	} {
		before := len(w.Vendors.Notifications())
		a := w.email(w.Key, to, "Hello")
		sent := w.Vendors.Notifications()[before:]
		if reached == "" {
			require.Equal(t, http.StatusForbidden, a.Status, "%s: %s", to, a.Body)
			require.Equal(t, "permission_denied", a.Failure(t).Code)
			require.Contains(t, a.Failure(t).Fields(t)["to"], "--notification-allow")
			require.Contains(t, string(a.Body), "RECIPIENT_NOT_ALLOWED")
			require.NotContains(t, string(a.Body), "exists")
			require.Empty(t, sent, to)
			continue
		}
		require.JSONEq(t, `{"delivered":true,"sender":"api"}`, string(a.Body), to)
		require.Len(t, sent, 1)
		require.Equal(t, reached, sent[0].Recipient, "the address as it was registered, or written by the operator")
	}

	own, others := w.UserID("tess@example.org"), w.UserID("other@example.org")
	require.JSONEq(t, `{"delivered":true,"sender":"api"}`, string(w.push(w.Key, own, "Hello").Body))
	require.JSONEq(t, `{"delivered":true,"sender":"api"}`, string(w.push(w.Key, strings.ToUpper(own), "Hello").Body))
	for _, foreign := range []string{others, "somebody", "{" + own + "}", "urn:uuid:" + own, own + " "} {
		a := w.push(w.Key, foreign, "Hello")
		require.Equal(t, http.StatusForbidden, a.Status, "%s: %s", foreign, a.Body)
		require.Contains(t, a.Failure(t).Fields(t)["userId"], own)
	}
	require.Zero(t, w.Count(`SELECT count(*) FROM notifications WHERE recipient LIKE '%other%'`), "what is refused leaves nothing behind")
}

// Whatever would write another header, or hide what is written, is refused with the field's name.
func TestAMessageHasPlainRecipientsAndOneLineSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	own := w.UserID("tess@example.org")
	for _, to := range []string{
		"tess@example.org\r\nBcc: x@example.com", "tess@example.org\n", "Tess <tess@example.org>", "tess@example.org,x@example.com",
		"tess@example.org;x@example.com", "tess@example.org x@example.com", `"tess"@example.org`, `"a b"@example.org`, "tess@example.org.",
		"tess@example..org",
		"tess@exam_ple.org", "tëss@example.org", "tess@[127.0.0.1]", "<tess@example.org>", "tess", "@example.org", "tess@example.org\x00",
	} {
		a := w.email(w.Key, to, "Hello")
		require.Equal(t, http.StatusBadRequest, a.Status, "%q: %s", to, a.Body)
		require.Contains(t, a.Failure(t).Fields(t), "to", "%q", to)
	}
	for _, line := range []string{"a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\tb", "a\x1bb", "a\x7fb", "a\u0085b", "a\u2028b", "a\u2029b", "a\u202eb",
		"a\u2066b", "a\x00b"} {
		a := w.email(w.Key, "tess@example.org", line)
		require.Equal(t, http.StatusBadRequest, a.Status, "%q: %s", line, a.Body)
		require.Contains(t, a.Failure(t).Fields(t), "subject", "%q", line)
		a = w.push(w.Key, own, line)
		require.Equal(t, http.StatusBadRequest, a.Status, "%q: %s", line, a.Body)
		require.Contains(t, a.Failure(t).Fields(t), "title", "%q", line)
	}
	a := w.Curl(w.Key, "NotificationService/SendEmail", apptest.JSON(t, map[string]any{"to": "nobody", "subject": "a\nb", "content": "a\x1bb"}))
	require.Len(t, a.Failure(t).Fields(t), 3, "all at once: %s", a.Body)
	require.Empty(t, w.Vendors.Notifications())
}

// A name at LinkedIn, or a post's text, is somebody else's words: what it would do to a subject is taken out.
func TestNamesAndTextsOfOthersWriteNoHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.Exec(
		`UPDATE linkedin_accounts SET display_name = E'Tess\r\nBcc: x@example.com \u202Egpj' || repeat('x', 500), token_expires_at = now() + interval ` +
			`'1 hour'`,
	)
	w.Vendors.Revoke("tester")
	w.Publish(w.Draft("Never out\u0085 \x1b[31m of the queue"))
	w.Idle()
	require.Eventually(t, func() bool { return len(w.Vendors.Notifications()) >= 2 }, apptest.WaitLimit, apptest.WaitStep)
	for _, n := range w.Vendors.Notifications() {
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
	w.Serve()
	second, _ := w.Run(w.Node(w.Config))
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Operation: "sendEmail", Mode: sandbox.Status, Value: "400", Times: 1}))
	own := w.UserID("tess@example.org")
	first, key := w.URL, w.Key
	answers := make(chan apptest.Answer, more)
	var all sync.WaitGroup
	for i := range more {
		node := *w
		node.URL = []string{first, second}[i%2]
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
		if a.Status == http.StatusOK {
			taken++
			continue
		}
		require.Equal(t, http.StatusTooManyRequests, a.Status, "%s", a.Body)
		require.Equal(t, "resource_exhausted", a.Failure(t).Code)
		require.Contains(t, a.Failure(t).Message, "00:00 UTC")
		wait := retryDelay(t, a)
		left := time.Until(app.Now().Truncate(24 * time.Hour).Add(24 * time.Hour))
		require.InDelta(t, left.Seconds(), wait.Seconds(), 60)
	}
	require.Equal(t, limit, taken, "the one that was not delivered too")
	require.Equal(t, limit, w.Count(`SELECT sent FROM notification_counts WHERE allowance = 'requested'`))

	stranger := w.User("stranger@example.org")
	require.JSONEq(
		t,
		`{"delivered":true,"sender":"api"}`,
		string(w.email(stranger, "stranger@example.org", "Hello").Body),
		"another owner has a day of their own",
	)
	w.Exec(`UPDATE notification_counts SET day = day - interval '1 day'`)
	require.JSONEq(t, `{"delivered":true,"sender":"api"}`, string(w.email(w.Key, "tess@example.org", "Hello").Body), "so has another day")
}

func retryDelay(t *testing.T, a apptest.Answer) time.Duration {
	t.Helper()
	for _, d := range a.Failure(t).Details {
		if d.Type == "google.rpc.RetryInfo" {
			var info struct{ RetryDelay string }
			require.NoError(t, json.Unmarshal(d.Debug, &info), "%s", d.Debug)
			wait, err := time.ParseDuration(info.RetryDelay)
			require.NoError(t, err)
			return wait
		}
	}
	t.Fatalf("no RetryInfo: %s", a.Body)
	return 0
}

func TestWithoutADailyLimitNobodySends(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Notification.DailyLimit = app.Count{} })
	w.Serve()
	a := w.email(w.Key, "tess@example.org", "Hello")
	require.Equal(t, http.StatusForbidden, a.Status)
	require.Contains(t, a.Failure(t).Message, "--notification-daily-limit")
}

// Many posts that went out fill neither a person's inbox, nor the room for news of those that did not; the last message says
// that there may be more to see, and what was not sent is on record.
func TestABatchFloodsNobodyAndHidesNoTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.Notification.AutomaticDailyLimit, c.Notification.DailyLimit = app.Count{Value: 2}, app.Count{Value: 1}
	})
	w.Serve()
	for i := range 4 {
		w.Publish(w.Draft(fmt.Sprintf("It goes out: %d", i)))
		w.Idle()
	}
	told := w.Vendors.Notifications()
	require.Len(t, told, 4, "two by each channel")
	closing := 0
	for _, n := range told {
		require.Equal(t, "Your post is on LinkedIn", n.Subject)
		if strings.Contains(n.Content, "ListPosts") {
			closing++
		}
	}
	require.Equal(t, 2, closing)
	require.Equal(t, 4, w.Count(`SELECT count(*) FROM notifications WHERE NOT delivered AND problem LIKE '%--notification-automatic-daily-limit%'`))

	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Status, Value: "422"}))
	w.Publish(w.Draft("It does not"))
	w.Idle()
	require.Len(t, w.Vendors.Notifications(), 6, "trouble has room of its own")
	require.JSONEq(t, `{"delivered":true,"sender":"api"}`, string(w.email(w.Key, "tess@example.org", "Hello").Body), "and so has what the user sends")
}

func TestANotificationVendorThatIsDownFailsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "notification", Mode: sandbox.Status, Value: "503"}))
	for method, body := range map[string]string{
		"SendEmail": `{"to":"tess@example.org","subject":"s","content":"c"}`,
		"SendPush":  `{"userId":"` + w.UserID("tess@example.org") + `","title":"t","message":"m"}`,
	} {
		got := w.Curl(w.Key, "NotificationService/"+method, []byte(body))
		require.Equal(t, 200, got.Status)
		require.JSONEq(t, `{"sender":"api"}`, string(got.Body), "delivered is false")
	}
	post, _ := w.Publish(w.Draft("Nobody hears of it"))
	require.Equal(t, postwrightv1.PostState_POST_STATE_PUBLISHED, post.GetState())
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM notifications WHERE NOT delivered AND problem <> ''`) == 4
	}, apptest.WaitLimit, apptest.WaitStep, "each is on record with the reason")
}
