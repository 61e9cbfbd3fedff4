package app_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/status"
)

// The operator is told of all webhooks, an owner of theirs, and both of secrets that no key opens.
func TestWebhooksThatNothingReachesAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	a := w.Curl(w.Key, "WebhookService/CreateWebhook", apptest.JSON(t, map[string]any{
		"webhook": map[string]any{"url": "https://example.org/hooks", "eventTypes": []string{"post.failed"}},
	}))
	require.Equal(t, 200, a.Status, "%s", a.Body)
	stranger := w.User("stranger@example.org")
	told := func(key string) string {
		var res struct {
			Checks []struct{ Name, State, Detail string }
		}
		require.NoError(t, json.Unmarshal(w.Curl(key, "SystemService/GetStatus", []byte(`{}`)).Body, &res))
		for _, c := range res.Checks {
			if c.Name == "webhooks" {
				return c.State + " " + c.Detail
			}
		}
		return ""
	}
	const well = "CHECK_STATE_OK Nothing that is due waits, and no webhook fails."
	require.Equal(t, well, told(w.Key))
	require.Equal(t, status.OK, w.examine(w.Config)["webhooks"].State)
	unreached := func(state string) float64 { return w.Scrape()["postwright_webhooks_unreached state="+state] }
	require.Zero(t, unreached("failing"))

	w.Exec(`UPDATE webhooks SET failing_since = now() - interval '2 hours', last_failed_at = now(), failures = 7,
		due_at = now() + interval '1 hour'`)
	require.Contains(t, told(w.Key), "CHECK_STATE_WARNING Webhooks that nothing has reached for an hour or more: 1.")
	require.Equal(t, well, told(stranger))
	require.Contains(t, w.examine(w.Config)["webhooks"].Detail, "for an hour or more: 1.")
	require.Eventually(t, func() bool { return unreached("failing") == 1 }, apptest.WaitLimit, apptest.WaitStep)

	w.Exec(`UPDATE webhooks SET off_reason = 'failing', off_at = now()`)
	require.Contains(t, told(w.Key), "are gone: 1.")
	require.Contains(t, w.examine(w.Config)["webhooks"].Detail, "are gone: 1.")
	require.Eventually(t, func() bool { return unreached("switched_off") == 1 }, apptest.WaitLimit, apptest.WaitStep)

	w.Exec(`DELETE FROM linkedin_accounts`)
	cfg := w.Config
	other, err := accounts.NewKeyset()
	require.NoError(t, err)
	cfg.LinkedIn.TokenKeyset = app.Secret(other)
	closed := w.examine(cfg)["encryption key"]
	require.Equal(t, status.Failed, closed.State)
	require.Contains(t, closed.Detail, "The secrets of 1 of 1 webhooks open with no key")
	require.Contains(t, fmt.Sprint(w.examine(w.Config)["encryption key"]), "webhooks: 1.")
}
