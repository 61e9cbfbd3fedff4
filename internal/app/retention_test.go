package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/fault"
)

// A process that works jobs forgets what is older than its settings say, soon after its start.
func TestWhatIsTooOldIsForgottenWhileServing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.Retention.Requests, c.Retention.CompletedJobs = app.Duration{Value: 2 * time.Hour}, app.Duration{Value: 5 * time.Minute}
	})
	for name, age := range map[string]string{"old": "121 minutes", "new": "119 minutes"} {
		w.Exec(`INSERT INTO requests SELECT id, 'CreatePost', '` + name + `', '\x00', '{}', now() - interval '` + age + `' FROM users`)
	}
	for kind, age := range map[string]string{"old": "6 minutes", "new": "1 minute"} {
		w.Exec(`INSERT INTO river.river_job (args, kind, max_attempts, queue, state, finalized_at)
			VALUES ('{}', '` + kind + `', 1, 'default', 'completed', now() - interval '` + age + `')`)
	}
	w.Serve()
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM requests WHERE request_id = 'old'`)+w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'old'`) == 0
	}, apptest.WaitLimit, apptest.WaitStep)
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM requests WHERE request_id = 'new'`))
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'new'`))
}

func TestEveryFaultOfTheLimitsOfMessagesAndTimesIsToldAtOnce(t *testing.T) {
	t.Parallel()
	cfg := app.Defaults()
	cfg.Database.URL = "postgres://localhost/postwright"
	require.NoError(t, cfg.Verify())
	cfg.Notification.Allow = []string{"@example.org", "example.com", "Ada <ada@example.org>"}
	cfg.Notification.DailyLimit, cfg.Notification.AutomaticDailyLimit = app.Count{Value: -1}, app.Count{}
	cfg.Retention = app.RetentionConfig{Requests: app.Duration{Value: time.Minute}}
	var flags []string
	for _, f := range fault.Of(cfg.Verify()).Fields {
		flags = append(flags, f.Path)
	}
	require.Equal(t, []string{
		"--notification-allow", "--notification-allow", "--notification-daily-limit", "--notification-automatic-daily-limit",
		"--retention-requests", "--retention-notifications", "--retention-transitions", "--retention-webhook-events",
		"--retention-completed-jobs", "--retention-discarded-jobs",
	}, flags)
}
