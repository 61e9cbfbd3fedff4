package webhooks_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// world is a whole Postwright that sends to this machine too, with what the tests of this package do to it.
type world struct{ apptest.World }

func newWorld(t *testing.T, change ...func(*app.Config)) *world {
	t.Helper()
	reach := func(c *app.Config) { c.Webhooks.AllowPrivate, c.Webhooks.AllowHTTP = true, true }
	return &world{*apptest.New(t, append([]func(*app.Config){reach}, change...)...)}
}

// call makes a call that succeeds.
func (w *world) call(method string, request map[string]any) map[string]any {
	w.T.Helper()
	a := w.Curl(w.Key, method, apptest.JSON(w.T, request))
	require.Equal(w.T, 200, a.Status, "%s: %s", method, a.Body)
	return object(w.T, a.Body)
}

// listen adds an endpoint and returns its id and secret.
func (w *world) listen(url string, types ...string) (id, secret string) {
	w.T.Helper()
	made := w.call("WebhookService/CreateWebhook", map[string]any{"webhook": map[string]any{"url": url, "eventTypes": types}})
	return fmt.Sprint(field(made, "webhook", "id")), fmt.Sprint(made["secret"])
}

func (w *world) createPost(content string) string {
	w.T.Helper()
	made := w.call("PostService/CreatePost", map[string]any{"post": map[string]any{"content": content}})
	return fmt.Sprint(field(made, "post", "id"))
}
