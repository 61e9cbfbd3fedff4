package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/fault"
)

func TestWhatIsWrongWithTheSettingsOfWebPushIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*app.Config)
		wrong  []string
	}{
		"chosen without a key": {func(c *app.Config) { c.Notification.Push = "webpush" }, []string{"--webpush-private-key", "--linkedin-token-keyset"}},
		"a wrong key": {func(c *app.Config) { c.WebPush.PrivateKey = "hunter2" },
			[]string{"--webpush-private-key", "--webpush-contact", "--linkedin-token-keyset"}},
		"a wrong contact": {func(c *app.Config) { c.WebPush.Contact = "nobody" }, []string{"--webpush-contact"}},
	} {
		cfg := app.Defaults()
		cfg.Database.URL = "postgres://127.0.0.1:1/x"
		c.change(&cfg)
		var wrong []string
		for _, f := range fault.Of(cfg.Verify()).Fields {
			wrong = append(wrong, f.Path)
			require.False(t, strings.Contains(f.Problem, "hunter2"))
		}
		require.ElementsMatch(t, c.wrong, wrong, name)
	}
}
