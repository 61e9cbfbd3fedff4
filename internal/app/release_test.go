package app_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/sandbox"
)

const heldCode = "DATABASE_HELD"

// backedUp is a world whose database was backed up while one post was queued, one about to be due, and one scheduled for
// later. With send, the first two then went out. Everything was stopped, the backup brought back, and served.
type backedUp struct {
	*world
	atOnce, soon, later *postwrightv1.Post
	stop                func() // ends the node that serves
}

func newBackedUp(t *testing.T, send bool, backup func(databaseURL string) (bring func() (databaseURL string))) *backedUp {
	t.Helper()
	w := &backedUp{world: newWorld(t, func(c *app.Config) { c.Role = "api" })}
	stop := w.Serve()
	w.atOnce, w.soon, w.later = w.Draft("Queued at the backup"), w.Draft("Due soon after the backup"), w.Draft("Due the day after")
	_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.atOnce.GetId()})
	require.NoError(t, err)
	w.schedule(w.soon, 50*time.Millisecond)
	w.schedule(w.later, 24*time.Hour)
	require.NoError(t, stop())
	w.App.Close()
	bring := backup(w.DatabaseURL)
	w.Config.Role = "all"
	if send {
		w.restart()
		w.rest(w.atOnce, published)
		w.rest(w.soon, published)
		require.Len(t, w.Vendors.Ledger(), 2)
		w.stop()
	}
	w.DatabaseURL = bring()
	w.Config.Database.URL = app.Secret(w.DatabaseURL)
	w.restart()
	return w
}

// restart has another process serve, on the database that is there now.
func (w *backedUp) restart() {
	w.T.Helper()
	w.App = w.Node(w.Config)
	var stop func() error
	w.URL, stop = w.Run(w.App)
	w.Posts = postwrightv1connect.NewPostServiceClient(w.Client(w.Key))
	w.stop = func() {
		require.NoError(w.T, stop())
		w.App.Close()
	}
}

// rest waits until a post is in a state.
func (w *world) rest(post *postwrightv1.Post, state postwrightv1.PostState) *postwrightv1.Post {
	w.T.Helper()
	require.Eventually(w.T, func() bool {
		res, err := w.Posts.GetPost(w.T.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		require.NoError(w.T, err)
		post = res.GetPost()
		return post.GetState() == state
	}, apptest.WaitLimit, apptest.WaitStep, "%s is to become %s", post.GetContent(), state)
	return post
}

// held waits until a post says that it is held, in its state.
func (w *world) held(post *postwrightv1.Post, state postwrightv1.PostState) {
	w.T.Helper()
	require.Eventually(w.T, func() bool {
		res, err := w.Posts.GetPost(w.T.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		require.NoError(w.T, err)
		require.Equal(w.T, state, res.GetPost().GetState())
		return res.GetPost().GetFailure().GetCode() == heldCode
	}, apptest.WaitLimit, apptest.WaitStep)
}

// The ways in which a backup comes back.
var backups = map[string]func(t *testing.T) func(databaseURL string) func() string{
	"a dump, into another database": func(t *testing.T) func(string) func() string {
		return func(from string) func() string {
			dump := dbtest.Dump(t, from)
			return func() string {
				into := dbtest.NewEmpty(t)
				dbtest.Load(t, into, dump)
				return into
			}
		}
	},
	"a dump, into the database that it is of": func(t *testing.T) func(string) func() string {
		return func(from string) func() string {
			dump := dbtest.Dump(t, from, "--clean", "--if-exists")
			return func() string {
				dbtest.Load(t, from, dump)
				return from
			}
		}
	},
	"a dump of the rows alone, into the database that it is of": func(t *testing.T) func(string) func() string {
		return func(from string) func() string {
			dump := dbtest.Dump(t, from, "--data-only", "--disable-triggers")
			return func() string {
				dbtest.Load(t, from, `DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ')
					FROM pg_tables WHERE schemaname IN ('public', 'river')); END $$`)
				dbtest.Load(t, from, dump)
				return from
			}
		}
	},
	"a copy that the server made": func(t *testing.T) func(string) func() string {
		return func(from string) func() string {
			into := dbtest.Clone(t, from)
			return func() string { return into }
		}
	},
}

func TestARestoredBackupSendsNothingByItself(t *testing.T) {
	t.Parallel()
	for name, backup := range backups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newBackedUp(t, true, backup(t))
			w.held(w.atOnce, queued)
			w.held(w.soon, scheduled)
			w.stop()
			w.restart() // a restart lets nothing go
			fresh := w.Draft("Approved after the restore")
			_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: fresh.GetId()})
			require.NoError(t, err)
			w.held(fresh, queued)
			w.due()
			w.Idle()
			w.held(w.atOnce, queued)
			require.Len(t, w.Vendors.Ledger(), 2, "nothing was sent from the backup")
			told := len(w.Vendors.Notifications())
			w.Exec(`INSERT INTO river.river_job (kind, args, max_attempts, state)
				SELECT 'notify_publication',
					jsonb_build_object('owner_id', owner_id, 'post_id', id, 'state', 'published', 'channel', 'email'), 25, 'available'
					FROM posts LIMIT 1`)
			w.Idle()
			require.Len(t, w.Vendors.Notifications(), told, "nobody is told anything either")

			require.Equal(t, 200, w.Get(w.URL+"/readyz").Status, "the API is served")
			require.InDelta(t, 1, w.Scrape()["postwright_publishing_held"], 0)
			var status struct {
				Checks []struct{ Name, State, Detail, Remedy string }
			}
			require.NoError(t, json.Unmarshal(w.Curl(w.Key, "SystemService/GetStatus", []byte(`{}`)).Body, &status))
			for _, c := range status.Checks {
				if c.Name == "release" {
					require.Contains(t, c.State, "FAILED")
					require.Contains(t, c.Detail, "Held: 2 that wait to be sent, 1 whose time has come.")
					require.Contains(t, c.Remedy, "postwright release")
				}
			}

			require.NoError(t, w.App.Publishing.Release(t.Context(), true))
			for _, sent := range []*postwrightv1.Post{w.atOnce, w.soon} {
				post := w.rest(sent, unconfirmed)
				require.Equal(t, "DATABASE_RESTORED", post.GetFailure().GetCode())
				require.Len(t, w.Attempts(post), 1)
				require.Equal(t, inDoubt, w.Attempts(post)[0].GetOutcome())
			}
			w.rest(fresh, published)
			require.Len(t, w.Vendors.Ledger(), 3, "what was approved after the restore went out, and nothing else")
			w.due()
			w.rest(w.later, published)
			require.Len(t, w.Vendors.Ledger(), 4, "what was due later goes out at its time")

			res, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.soon.GetId(), Resend: true})
			require.NoError(t, err)
			require.Equal(t, published, w.rest(res.GetPost(), published).GetState())
			require.Len(t, w.Vendors.Ledger(), 4, "LinkedIn named the one that had been sent")
		})
	}
}

func TestWhatWasNotSentIsSentWhenAPersonSaysSo(t *testing.T) {
	t.Parallel()
	w := newBackedUp(t, false, backups["a copy that the server made"](t))
	w.held(w.atOnce, queued)
	w.held(w.soon, scheduled)
	require.NoError(t, w.App.Publishing.Release(t.Context(), false))
	w.rest(w.atOnce, published)
	w.rest(w.soon, published)
	require.Len(t, w.Vendors.Ledger(), 2)
}

// The account with which a post may have been sent is gone: the doubt is the same.
func TestWhatMayHaveBeenSentIsInDoubtWithoutItsAccountToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post := w.Draft("Due meanwhile")
	w.schedule(post, time.Second)
	require.NoError(t, w.App.Hold(t.Context()))
	w.held(post, scheduled)
	w.Exec(`UPDATE linkedin_accounts SET is_default = false, disconnected_at = now(), sealed_token = NULL`)
	require.NoError(t, w.App.Publishing.Release(t.Context(), true))
	post = w.rest(post, unconfirmed)
	require.Equal(t, "DATABASE_RESTORED", post.GetFailure().GetCode())
}

// A replica that lagged takes over between the call and its answer, and knows nothing of the attempt.
func TestAnAnswerWhoseAttemptTheDatabaseLostIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.Slow, AfterMS: 1500, Times: 1})
	post := w.Draft("The last moments are missing")
	_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.Eventually(
		t,
		func() bool { return w.Count(`SELECT count(*) FROM publish_attempts WHERE outcome = 'started'`) == 1 },
		apptest.WaitLimit,
		apptest.WaitStep,
	)
	w.Exec(`WITH gone AS (DELETE FROM publish_attempts), back AS (UPDATE publications SET state = 'queued')
		UPDATE posts SET state = 'queued', revision = revision + 1`)
	post = w.rest(post, published)
	require.Equal(t, w.Vendors.Ledger()[0].URN, post.GetLinkedinUrn())
	require.Len(t, w.Vendors.Ledger(), 1)
	require.Len(t, w.Attempts(post), 1)
}
