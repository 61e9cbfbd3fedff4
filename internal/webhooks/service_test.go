package webhooks_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/webhooks"
)

// refused makes a call that fails, and returns what the caller is told.
func (w *world) refused(key, method string, request map[string]any) apptest.APIError {
	w.T.Helper()
	a := w.Curl(key, method, apptest.JSON(w.T, request))
	require.NotEqual(w.T, 200, a.Status, "%s", a.Body)
	return a.Failure(w.T)
}

func TestARedirectToLoopbackIsNotFollowedAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	inside, outside := newReceiver(t), newReceiver(t)
	outside.answers(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, inside.server.URL, http.StatusTemporaryRedirect)
	})
	id, secret := w.listen(outside.server.URL, webhooks.PostCreated)
	w.createPost("Hello")
	var sent map[string]any
	require.Eventually(t, func() bool {
		list, _ := w.call("WebhookService/ListWebhookDeliveries", map[string]any{"webhookId": id})["deliveries"].([]any)
		if len(list) == 1 {
			sent, _ = list[0].(map[string]any)
		}
		return sent["problem"] != nil // it is read before the attempts are
	}, apptest.WaitLimit, apptest.WaitStep)
	require.Empty(t, inside.all())
	require.Equal(t, "WEBHOOK_DELIVERY_STATE_PENDING", sent["state"], "the owner may give another URL meanwhile")
	require.Contains(t, sent["problem"], "the redirect 307, which is not followed")
	require.NotEmpty(t, sent["nextAttemptTime"])

	outside.answers(nil)
	eventID := sent["eventId"]
	resent := w.call("WebhookService/ResendWebhookDelivery", map[string]any{"webhookId": id, "eventId": eventID})
	require.Equal(t, eventID, field(resent, "delivery", "eventId"))
	require.Eventually(t, func() bool { return len(outside.all()) >= 2 }, apptest.WaitLimit, apptest.WaitStep)
	last := outside.all()[1]
	require.Equal(t, eventID, last.id())
	kind, _ := last.event(t, secret)
	require.Equal(t, webhooks.PostCreated, kind)
}

// A list that was read while an attempt was written down told of an attempt, and beside it that there had been none.
func TestAnAttemptBeyondThoseThatItsDeliveryKnowsIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	to := newReceiver(t)
	id, _ := w.listen(to.server.URL, webhooks.PostCreated)
	w.createPost("Hello")
	deliveries := func() []any {
		list, _ := w.call("WebhookService/ListWebhookDeliveries", map[string]any{"webhookId": id})["deliveries"].([]any)
		return list
	}
	require.Eventually(t, func() bool {
		list := deliveries()
		return len(list) == 1 && field(list[0].(map[string]any), "state") == "WEBHOOK_DELIVERY_STATE_DELIVERED"
	}, apptest.WaitLimit, apptest.WaitStep)
	before := deliveries()
	w.Exec(`INSERT INTO webhook_attempts (webhook_id, event_id, number, started_at, took_ms, status, answer, problem)
		SELECT webhook_id, event_id, number + 1, started_at, took_ms, status, answer, problem FROM webhook_attempts`)
	require.Equal(t, before, deliveries())
}

func TestOfAnEndpointThatIsGoneItsOwnerIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	gone := newReceiver(t)
	gone.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusGone) })
	id, _ := w.listen(gone.server.URL+"/old", webhooks.PostCreated)
	w.createPost("Hello")
	require.Eventually(t, func() bool { return len(w.Vendors.Notifications()) == 2 }, apptest.WaitLimit, apptest.WaitStep)
	for _, n := range w.Vendors.Notifications() {
		require.Equal(t, "A webhook was switched off", n.Subject)
		require.Contains(t, n.Content, gone.server.URL+" any more: it answered that it is gone (410).")
	}
	got := w.call("WebhookService/GetWebhook", map[string]any{"id": id})
	require.Equal(t, "GONE", field(got, "webhook", "offReason"))
	require.Nil(t, field(got, "webhook", "enabled"), "false is left out")
	require.Equal(t, "failed_precondition", w.refused(w.Key, "WebhookService/ResendWebhookDelivery",
		map[string]any{"webhookId": id, "eventId": gone.all()[0].id()}).Code)
}

// An event is there when, and only when, its change is; a process that dies before it is sent leaves it to the next.
func TestAnEventOutlivesTheProcessThatMadeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Role = "api" })
	stop := w.Serve()
	to := newReceiver(t)
	_, secret := w.listen(to.server.URL, webhooks.PostCreated)
	account := map[string]any{"content": "Not saved", "accountId": "00000000-0000-7000-8000-000000000000"}
	w.refused(w.Key, "PostService/CreatePost", map[string]any{"post": account})
	w.refused(w.Key, "PostService/BatchCreatePosts", map[string]any{"posts": []any{map[string]any{"content": "Not saved"}, account}})
	id := w.createPost("Saved")
	require.NoError(t, stop())
	require.Empty(t, to.all(), "no process sends")

	cfg := w.Config
	cfg.Role = "workers"
	w.Run(w.Node(cfg))
	require.Eventually(t, func() bool { return len(to.all()) > 0 }, apptest.WaitLimit, apptest.WaitStep)
	require.Len(t, to.all(), 1)
	_, data := to.all()[0].event(t, secret)
	require.Equal(t, id, field(data, "post", "id"))
}

func TestABatchWritesNothingDownForAnOwnerWithoutWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Role = "api" })
	w.Serve()
	const many = 1000
	posts := make([]any, many)
	for i := range posts {
		posts[i] = map[string]any{"content": fmt.Sprintf("Number %d", i)}
	}
	w.call("PostService/BatchCreatePosts", map[string]any{"posts": posts})
	require.Zero(t, w.Count(`SELECT count(*) FROM webhook_events`))
	to := newReceiver(t)
	w.listen(to.server.URL, webhooks.PostDeleted)
	w.call("PostService/BatchCreatePosts", map[string]any{"posts": posts})
	require.Zero(t, w.Count(`SELECT count(*) FROM webhook_events`), "it wants others")
	w.listen(to.server.URL, webhooks.PostCreated)
	w.call("PostService/BatchCreatePosts", map[string]any{"posts": posts})
	require.Equal(t, many, w.Count(`SELECT count(DISTINCT data -> 'post' ->> 'id') FROM webhook_events`))
}

// An endpoint that does not answer keeps its own events waiting, and nobody else's.
func TestASlowEndpointHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	slow, quick := newReceiver(t), newReceiver(t)
	held := make(chan struct{})
	slow.answers(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(held) })
	w.listen(slow.server.URL, webhooks.PostCreated)
	w.listen(quick.server.URL, webhooks.PostCreated)
	for i := range 20 {
		w.createPost(fmt.Sprintf("Number %d", i))
	}
	require.Eventually(t, func() bool { return len(quick.all()) == 20 }, apptest.WaitLimit, apptest.WaitStep)
	require.Eventually(t, func() bool { return len(slow.all()) > 0 }, apptest.WaitLimit, apptest.WaitStep)
	require.Less(t, len(slow.all()), 20)
}

func TestAWebhookIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.User("other@example.org")
	w.Serve()
	to := newReceiver(t)
	id, _ := w.listen(to.server.URL, webhooks.EventTypes()...)
	for method, request := range map[string]map[string]any{
		"GetWebhook": {"id": id}, "DeleteWebhook": {"id": id}, "RotateWebhookSecret": {"id": id}, "ListWebhookDeliveries": {"webhookId": id},
		"UpdateWebhook":         {"webhook": map[string]any{"id": id, "description": "Mine"}, "updateMask": "description"},
		"ResendWebhookDelivery": {"webhookId": id, "eventId": id},
	} {
		require.Equal(t, "not_found", w.refused(other, "WebhookService/"+method, request).Code, method)
	}
	a := w.Curl(other, "PostService/CreatePost", []byte(`{"post":{"content":"Not yours"}}`))
	require.Equal(t, 200, a.Status, "%s", a.Body)
	mine := w.createPost("Mine")
	require.Eventually(t, func() bool { return len(to.all()) == 1 }, apptest.WaitLimit, apptest.WaitStep)
	require.Contains(t, string(to.all()[0].body), mine)
	require.Zero(t, w.Count(`SELECT count(*) FROM webhook_events`)-1, "nobody wants to know of the other's")

	// With a user everything of theirs goes, and nobody is told.
	w.Exec(`DELETE FROM users WHERE email = 'tess@example.org'`)
	require.Zero(t, w.Count(`SELECT count(*) FROM webhook_events`))
}

func TestASecretIsShownOnceAndKeptSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	request := map[string]any{
		"webhook":   map[string]any{"url": "http://127.0.0.1:9/hooks", "eventTypes": []string{webhooks.PostFailed}, "description": "Build"},
		"requestId": "one",
	}
	made := w.call("WebhookService/CreateWebhook", request)
	secret, _ := made["secret"].(string)
	require.True(t, strings.HasPrefix(secret, "whsec_"))
	require.Equal(t, made, w.call("WebhookService/CreateWebhook", request), "who lost the answer asks again")
	id := field(made, "webhook", "id")
	for method, request := range map[string]map[string]any{
		"GetWebhook": {"id": id}, "ListWebhooks": {},
		"UpdateWebhook": {"webhook": map[string]any{"id": id, "description": "Deploy"}, "updateMask": "description"},
	} {
		a := w.Curl(w.Key, "WebhookService/"+method, apptest.JSON(t, request))
		require.NotContains(t, string(a.Body), secret[6:])
	}
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM webhooks`))
	require.Zero(t, w.Count(`SELECT count(*) FROM webhooks WHERE position(convert_to('`+secret[6:]+`', 'UTF8') IN sealed_secret) > 0`))

	rotated := w.call("WebhookService/RotateWebhookSecret", map[string]any{"id": id, "overlapSeconds": 3600})
	require.NotEqual(t, secret, rotated["secret"])
	until, err := time.Parse(time.RFC3339Nano, fmt.Sprint(field(rotated, "webhook", "previousSecretUntilTime")))
	require.NoError(t, err)
	require.InDelta(t, time.Hour, time.Until(until), float64(time.Minute))
	again := w.call("WebhookService/CreateWebhook", request)
	require.Nil(t, again["secret"], "what was rotated is not shown")
	require.Equal(t, id, field(again, "webhook", "id"))

	w.call("WebhookService/DeleteWebhook", map[string]any{"id": id})
	require.Equal(t, "not_found", w.refused(w.Key, "WebhookService/GetWebhook", map[string]any{"id": id}).Code)
	require.Equal(t, "not_found", w.refused(w.Key, "WebhookService/CreateWebhook", request).Code)
}

func TestAnOwnerHasSoManyWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	for range webhooks.MaxWebhooks {
		w.listen("http://127.0.0.1:9/", webhooks.PostFailed)
	}
	refused := w.refused(w.Key, "WebhookService/CreateWebhook", map[string]any{
		"webhook": map[string]any{"url": "http://127.0.0.1:9/", "eventTypes": []string{webhooks.PostFailed}},
	})
	require.Equal(t, "failed_precondition", refused.Code)
	require.Contains(t, refused.Message, "You have 20 webhooks")
	list, _ := w.call("WebhookService/ListWebhooks", map[string]any{})["webhooks"].([]any)
	require.Len(t, list, webhooks.MaxWebhooks)
}

func TestEveryFaultOfAWebhookIsToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Webhooks = app.Defaults().Webhooks })
	w.Serve()
	for name, c := range map[string]struct {
		method  string
		request map[string]any
		fields  map[string]string
	}{
		"loopback by http": {"CreateWebhook", map[string]any{"webhook": map[string]any{
			"url": "http://127.0.0.1/", "eventTypes": []string{"post.created"}}},
			map[string]string{"webhook.url": "--webhooks-allow-private"}}, // the last of two
		"a name and a fragment": {"CreateWebhook", map[string]any{"webhook": map[string]any{"url": "https://a:b@example.org/#c"}},
			map[string]string{"webhook.url": "must not have a fragment", "webhook.eventTypes": "at least one type"}},
		"an unknown type": {"CreateWebhook", map[string]any{"webhook": map[string]any{
			"url": "https://example.org/", "eventTypes": []string{"post.created", "post.liked"}, "description": strings.Repeat("a", 201)}},
			map[string]string{"webhook.eventTypes[1]": "", "webhook.description": ""}},
		"a mask of what can't be": {"UpdateWebhook", map[string]any{"webhook": map[string]any{"id": "x"}, "updateMask": "secret"},
			map[string]string{"updateMask": "can't be updated", "webhook.id": ""}},
		"a long overlap": {"RotateWebhookSecret", map[string]any{"id": "00000000-0000-7000-8000-000000000000", "overlapSeconds": 604801},
			map[string]string{"overlapSeconds": ""}},
		"a foreign page token": {"ListWebhookDeliveries", map[string]any{"webhookId": "00000000-0000-7000-8000-000000000000", "pageToken": "x"},
			map[string]string{"pageToken": ""}},
	} {
		refused := w.refused(w.Key, "WebhookService/"+c.method, c.request)
		require.Equal(t, "invalid_argument", refused.Code, name)
		found := refused.Fields(t)
		for path, says := range c.fields {
			require.Contains(t, found, path, "%s: %v", name, found)
			require.Contains(t, found[path], says, name)
		}
	}
}

func TestDeliveriesAreListedPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	to := newReceiver(t)
	id, _ := w.listen(to.server.URL, webhooks.PostCreated)
	const many = 120
	posts := make([]any, many)
	for i := range posts {
		posts[i] = map[string]any{"content": fmt.Sprintf("Number %d", i)}
	}
	w.call("PostService/BatchCreatePosts", map[string]any{"posts": posts})
	require.Eventually(t, func() bool { return len(to.all()) == many }, apptest.WaitLimit, apptest.WaitStep)
	seen, token, pages := map[any]bool{}, "", 0
	for {
		page := w.call("WebhookService/ListWebhookDeliveries", map[string]any{"webhookId": id, "pageToken": token})
		pages++
		list, _ := page["deliveries"].([]any)
		for _, d := range list {
			seen[field(d, "eventId")] = true
		}
		if token, _ = page["nextPageToken"].(string); token == "" {
			break
		}
	}
	require.Equal(t, 3, pages)
	require.Len(t, seen, many)
}
