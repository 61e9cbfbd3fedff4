package webhooks_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/webhooks"
)

func object(t *testing.T, text []byte) (o map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &o), "%s", text)
	return o
}

// field is a value inside objects.
func field(o any, path ...string) any {
	for _, name := range path {
		inside, is := o.(map[string]any)
		if !is {
			return nil
		}
		o = inside[name]
	}
	return o
}

func TestEveryChangeOfAPostReachesTheEndpointsThatWantIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	all, created := newReceiver(t), newReceiver(t)
	_, secret := w.listen(all.server.URL+"/hooks", webhooks.EventTypes()...)
	_, otherSecret := w.listen(created.server.URL, webhooks.PostCreated)

	id := w.createPost("Hello")
	w.call("PostService/UpdatePost", map[string]any{"post": map[string]any{"id": id, "content": "Hello again"}, "updateMask": "content"})
	w.call("PostService/SchedulePost", map[string]any{
		"id": id, "scheduledTime": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "timeZone": "Europe/Zurich",
	})
	w.call("PostService/CancelSchedule", map[string]any{"id": id})
	w.call("PostService/PublishPost", map[string]any{"id": id})
	gone := w.createPost("Goes")
	w.call("PostService/DeletePost", map[string]any{"id": gone})

	seen := map[string]int{}
	require.Eventually(t, func() bool { return len(all.all()) == 7 && len(created.all()) == 2 }, apptest.WaitLimit, apptest.WaitStep)
	ids := map[string]bool{}
	for _, r := range all.all() {
		kind, data := r.event(t, secret)
		require.Error(t, r.verify(t, otherSecret))
		require.NotContains(t, string(r.body), "Hello", "the content is for those who may read it")
		if field(data, "post", "id") == id {
			seen[kind]++
		} else {
			require.Equal(t, gone, field(data, "post", "id"))
		}
		if kind == webhooks.PostPublished {
			require.Contains(t, field(data, "post", "linkedinUrn"), "urn:li:share:")
			require.Equal(t, "POST_STATE_PUBLISHED", field(data, "post", "state"))
		}
		ids[r.id()] = true
	}
	require.Equal(t, map[string]int{
		webhooks.PostCreated: 1, webhooks.PostUpdated: 2, webhooks.PostScheduled: 1, webhooks.PostPublished: 1,
	}, seen)
	require.Len(t, ids, 7, "each event has an id of its own")
	for _, r := range created.all() {
		kind, _ := r.event(t, otherSecret)
		require.Equal(t, webhooks.PostCreated, kind)
		require.True(t, ids[r.id()], "an event has one id for all endpoints")
	}
}
