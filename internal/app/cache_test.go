package app_test

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/redistest"
	"github.com/postwright/postwright/internal/status"
)

// readsOfRows are how often each operation of the database was carried out, by its name.
func readsOfRows(w *world) map[string]string {
	counts := map[string]string{}
	counted := regexp.MustCompile(`db_operation_duration_seconds_count\{operation="(\w+)"\} (\d+)`)
	for _, found := range counted.FindAllStringSubmatch(string(w.Get(w.URL+"/metrics").Body), -1) {
		counts[found[1]] = found[2]
	}
	// What goes on by itself.
	maps.DeleteFunc(counts, func(name, _ string) bool {
		return !slices.Contains([]string{"KeyGetByPrefix", "PostGet", "SessionGetByToken", "UserGet"}, name)
	})
	return counts
}

func TestAPostThatIsReadAgainTouchesNoDatabaseUntilItChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	require.Eventually(t, func() bool { return w.Scrape()["cache_hears_changes"] == 1 }, time.Minute, 10*time.Millisecond)
	post := w.Draft("Read often")
	require.Contains(t, string(w.GetPost(w.Key, post.GetId()).Body), "Read often")
	before := readsOfRows(w)
	for range 10 {
		require.Contains(t, string(w.GetPost(w.Key, post.GetId()).Body), "Read often")
	}
	require.Equal(t, before, readsOfRows(w))
	require.Equal(t, http.StatusNotFound, w.GetPost(w.User("bob@example.org"), post.GetId()).Status, "it is kept for its owner alone")

	w.Exec(`UPDATE posts SET content = 'Changed past it', revision = revision + 1`)
	require.Eventually(t, func() bool {
		return bytes.Contains(w.GetPost(w.Key, post.GetId()).Body, []byte("Changed past it"))
	}, time.Minute, 10*time.Millisecond)
	w.Exec(`UPDATE api_keys SET revoked_at = now()`)
	require.Eventually(t, func() bool { return w.GetPost(w.Key, post.GetId()).Status == http.StatusUnauthorized }, time.Minute, 10*time.Millisecond)
	require.NoError(t, stop())
}

func TestARedisThatIsSetIsLookedAtAndNotNeeded(t *testing.T) {
	t.Parallel()
	redis := redistest.New(t)
	found := func(w *world) status.Check {
		report := app.Diagnose(t.Context(), w.Config, slog.New(slog.DiscardHandler))
		i := slices.IndexFunc(report.Checks, func(c status.Check) bool { return c.Name == "redis" })
		require.GreaterOrEqual(t, i, 0)
		return report.Checks[i]
	}
	w := newWorld(t, func(cfg *app.Config) { cfg.Cache.RedisURL = app.Secret(redis.URL()) })
	require.Equal(t, status.OK, found(w).State)
	require.Contains(t, found(w).Detail, "Redis ")
	stop := w.Serve()
	require.Eventually(t, func() bool { return w.Scrape()["cache_redis_used"] == 1 }, time.Minute, 10*time.Millisecond)
	redis.Kill()
	post := w.Draft("Without it")
	require.Contains(t, string(w.GetPost(w.Key, post.GetId()).Body), "Without it")
	require.NoError(t, stop())

	w.Config.Cache.RedisURL = "redis://:hunter2@127.0.0.1:1"
	away := found(w)
	require.Equal(t, status.Warning, away.State)
	require.NotContains(t, away.Detail+away.Remedy, "hunter2")
	url, stop := w.Run(w.Node(w.Config))
	require.Equal(t, http.StatusOK, w.Get(url+"/readyz").Status, "it starts without")
	require.NoError(t, stop())
}
