package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

func TestAnalysis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		path, body string
		status     int
		answer     string
	}{
		"hashtags":            {"/generate/hashtags", `{"content":"We like open source and coffee."}`, 200, `{"hashtags":["OpenSource","Coffee"]}`},
		"hashtags of nothing": {"/generate/hashtags", `{"content":""}`, 200, `{}`},
		"optimising": {"/optimize/content", `{"content":"We really just ship.","optimization_type":"brevity"}`, 200,
			`{"optimized_content":"We ship."}`},
		"optimising for what is not known": {"/optimize/content", `{"content":"x","optimization_type":"fame"}`, 422,
			`{"error":{"code":"unknown_optimization_type","message":"optimization_type must be engagement, clarity, brevity or professional_tone"}}`},
		"sentiment of nothing": {"/analyze/sentiment", `{"text":""}`, 422, `{"error":{"code":"empty_text","message":"text must not be empty"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.call(t, "POST", c.path, c.body)
			require.Equal(t, c.status, got.status, got.body)
			require.JSONEq(t, c.answer, got.body)
		})
	}
	t.Run("sentiment", func(t *testing.T) {
		t.Parallel()
		got := w.call(t, "POST", "/analyze/sentiment", `{"text":"What a great, wonderful day!"}`).json(t)
		require.Equal(t, "positive", got["label"])
		require.Greater(t, got["score"], 0.5)
	})
}

func TestNotificationsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.JSONEq(t, `{"notifications":[]}`, w.call(t, "GET", "/_sandbox/notifications", "").body)
	got := w.call(t, "POST", "/notifications/email", `{"to":"ada@example.com","subject":"Published","content":"It is out."}`)
	require.Equal(t, http.StatusOK, got.status, got.body)
	got = w.call(t, "POST", "/notifications/push", `{"user_id":"u1","title":"Published","message":"It is out."}`)
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Equal(t, []sandbox.Notification{
		{Channel: "email", Time: noon, Recipient: "ada@example.com", Subject: "Published", Content: "It is out."},
		{Channel: "push", Time: noon, Recipient: "u1", Subject: "Published", Content: "It is out."},
	}, w.box.Notifications())
	listed, _ := w.call(t, "GET", "/_sandbox/notifications", "").json(t)["notifications"].([]any)
	require.Len(t, listed, 2)
	require.Equal(t, map[string]any{
		"channel": "email", "time": "2026-11-22T12:00:00Z", "recipient": "ada@example.com", "subject": "Published", "content": "It is out.",
	}, listed[0])

	for path, body := range map[string]string{
		"/notifications/email": `{"to":"ada","subject":"s","content":"c"}`,
		"/notifications/push":  `{"user_id":"","title":"t","message":"m"}`,
	} {
		got := w.call(t, "POST", path, body)
		require.Equal(t, http.StatusUnprocessableEntity, got.status)
		require.Equal(t, "invalid_recipient", plainCode(got.json(t)))
	}
	require.Len(t, w.box.Notifications(), 2)
}
