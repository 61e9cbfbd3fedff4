package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

func TestANodeDoesWhatItsRoleSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Role = "api" })
	w.Serve()
	post, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft("Who sends it?").GetId()})
	require.NoError(t, err)
	require.Equal(t, 200, w.Get(w.URL+"/readyz").Status, "it is ready without workers")
	require.Zero(t, w.Count(`SELECT count(*) FROM river.river_job WHERE attempted_by IS NOT NULL`), "no job is worked here")

	workersOnly := w.Config
	workersOnly.Role = "workers"
	workers, _ := w.Run(w.Node(workersOnly))

	sent, _ := w.Watch(post.GetPost())
	require.Equal(t, published, sent.GetState())
	require.Equal(t, 404, w.Get(workers+"/postwright.v1.PostService/ListPosts").Status, "the API is not served here")
	require.Equal(t, 200, w.Get(workers+"/readyz").Status)
	require.Equal(t, 200, w.Get(workers+"/metrics").Status)
}

// What is there but takes another method must not be said to be nowhere.
func TestAWrongMethodIsToldTheRightOneWhateverTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	workersOnly := w.Config
	workersOnly.Role = "workers"
	workers, _ := w.Run(w.Node(workersOnly))
	for name, c := range map[string]struct {
		url   string
		paths []string
	}{
		"a process that serves": {w.URL, []string{"/healthz", "/readyz", "/metrics", "/oauth/linkedin/callback?state=x&code=y"}},
		"workers only":          {workers, []string{"/healthz", "/readyz", "/metrics"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range c.paths {
				for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} {
					req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, http.NoBody)
					require.NoError(t, err)
					a := w.Send(req)
					require.Equal(t, http.StatusMethodNotAllowed, a.Status, "%s %s", method, path)
					require.Equal(t, "GET, HEAD", a.Header.Get("Allow"))
					bare, _, _ := strings.Cut(path, "?")
					require.Equal(t, bare+" takes GET, not "+method+".\n", string(a.Body))
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, c.url+path, http.NoBody)
				require.NoError(t, err)
				require.NotEqual(t, http.StatusMethodNotAllowed, w.Send(req).Status)
			}
		})
	}
}

func TestThreeNodesShareTheWorkAndFinishWhatOneLeaves(t *testing.T) {
	t.Parallel()
	few := func(c *app.Config) { c.Jobs.MaxWorkers.Value, c.Publishing.AccountConcurrency.Value = 2, 6 }
	w := newWorld(t, few)
	w.Serve()
	_, _ = w.Run(w.Node(w.Config))
	_, stopThird := w.Run(w.Node(w.Config))
	w.onCreate(sandbox.Fault{Mode: sandbox.Slow, AfterMS: 50, Times: 30})
	const posts = 30
	for i := range posts {
		_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft(fmt.Sprintf("Shared work, part %d", i)).GetId()})
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) >= posts/3 }, apptest.WaitLimit, apptest.WaitStep)
	require.NoError(t, stopThird())
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM posts WHERE state = 'published'`) == posts
	}, apptest.WaitLimit, apptest.WaitStep)
	require.Len(t, w.Vendors.Ledger(), posts, "each exactly once")
	nodes := w.Count(`SELECT count(DISTINCT node) FROM river.river_job, unnest(attempted_by) AS node WHERE kind = 'publish_post'`)
	require.Equal(t, 3, nodes)
}

func TestJobLimitsThatCannotHoldAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*app.Config)
		flag   string
	}{
		"a run shorter than a call to a vendor": {func(c *app.Config) { c.Jobs.Timeout.Value = 40 * time.Second }, "--jobs-timeout"},
		"a rescue before the run has ended":     {func(c *app.Config) { c.Jobs.RescueAfter.Value = 90 * time.Second }, "--jobs-rescue-after"},
		"an unknown role":                       {func(c *app.Config) { c.Role = "sleeper" }, "--role"},
		"no post of an account at once":         {func(c *app.Config) { c.Publishing.AccountConcurrency.Value = 0 }, "--publishing-account-concurrency"},
		"a window that is none":                 {func(c *app.Config) { c.Publishing.OverdueWindow.Value = 0 }, "--publishing-overdue-window"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := app.Defaults()
			cfg.Database.URL = "postgres://localhost/postwright"
			require.NoError(t, cfg.Verify())
			c.change(&cfg)
			require.ErrorContains(t, cfg.Verify(), c.flag)
		})
	}
}
