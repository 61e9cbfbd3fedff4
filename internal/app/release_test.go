package app_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
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
	stop := w.serve()
	w.atOnce, w.soon, w.later = w.draft("Queued at the backup"), w.draft("Due soon after the backup"), w.draft("Due the day after")
	_, err := w.posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.atOnce.GetId()})
	require.NoError(t, err)
	w.schedule(w.soon, 50*time.Millisecond)
	w.schedule(w.later, 24*time.Hour)
	require.NoError(t, stop())
	w.app.Close()
	bring := backup(w.databaseURL)
	w.cfg.Role = "all"
	if send {
		w.restart()
		w.rest(w.atOnce, published)
		w.rest(w.soon, published)
		require.Len(t, w.vendors.Ledger(), 2)
		w.stop()
	}
	w.databaseURL = bring()
	w.cfg.Database.URL = app.Secret(w.databaseURL)
	w.restart()
	return w
}

// restart has another process serve, on the database that is there now.
func (w *backedUp) restart() {
	w.t.Helper()
	w.app = w.node(w.cfg)
	var stop func() error
	w.url, stop = w.run(w.app)
	w.posts = postwrightv1connect.NewPostServiceClient(w.client(w.key))
	w.stop = func() {
		require.NoError(w.t, stop())
		w.app.Close()
	}
}

// rest waits until a post is in a state.
func (w *world) rest(post *postwrightv1.Post, state postwrightv1.PostState) *postwrightv1.Post {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		res, err := w.posts.GetPost(w.t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		require.NoError(w.t, err)
		post = res.GetPost()
		return post.GetState() == state
	}, waitLimit, waitStep, "%s is to become %s", post.GetContent(), state)
	return post
}

// held waits until a post says that it is held, in its state.
func (w *world) held(post *postwrightv1.Post, state postwrightv1.PostState) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		res, err := w.posts.GetPost(w.t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		require.NoError(w.t, err)
		require.Equal(w.t, state, res.GetPost().GetState())
		return res.GetPost().GetFailure().GetCode() == heldCode
	}, waitLimit, waitStep)
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
			fresh := w.draft("Approved after the restore")
			_, err := w.posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: fresh.GetId()})
			require.NoError(t, err)
			w.held(fresh, queued)
			w.due()
			w.idle()
			w.held(w.atOnce, queued)
			require.Len(t, w.vendors.Ledger(), 2, "nothing was sent from the backup")
			told := len(w.vendors.Notifications())
			w.exec(`INSERT INTO river.river_job (kind, args, max_attempts, state)
				SELECT 'notify_publication', jsonb_build_object('owner_id', owner_id, 'post_id', id, 'state', 'published', 'channel', 'email'), 25, 'available' FROM posts LIMIT 1`)
			w.idle()
			require.Len(t, w.vendors.Notifications(), told, "nobody is told anything either")

			require.Equal(t, 200, w.get(w.url+"/readyz").status, "the API is served")
			require.InDelta(t, 1, w.scrape()["postwright_publishing_held"], 0)
			var status struct {
				Checks []struct{ Name, State, Detail, Remedy string }
			}
			require.NoError(t, json.Unmarshal(w.curl(w.key, "SystemService/GetStatus", []byte(`{}`)).body, &status))
			for _, c := range status.Checks {
				if c.Name == "release" {
					require.Contains(t, c.State, "FAILED")
					require.Contains(t, c.Detail, "Held: 2 that wait to be sent, 1 whose time has come.")
					require.Contains(t, c.Remedy, "postwright release")
				}
			}

			require.NoError(t, w.app.Publishing.Release(t.Context(), true))
			for _, sent := range []*postwrightv1.Post{w.atOnce, w.soon} {
				post := w.rest(sent, unconfirmed)
				require.Equal(t, "DATABASE_RESTORED", post.GetFailure().GetCode())
				require.Len(t, w.attempts(post), 1)
				require.Equal(t, inDoubt, w.attempts(post)[0].GetOutcome())
			}
			w.rest(fresh, published)
			require.Len(t, w.vendors.Ledger(), 3, "what was approved after the restore went out, and nothing else")
			w.due()
			w.rest(w.later, published)
			require.Len(t, w.vendors.Ledger(), 4, "what was due later goes out at its time")

			res, err := w.posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.soon.GetId(), Resend: true})
			require.NoError(t, err)
			require.Equal(t, published, w.rest(res.GetPost(), published).GetState())
			require.Len(t, w.vendors.Ledger(), 4, "LinkedIn named the one that had been sent")
		})
	}
}

func TestWhatWasNotSentIsSentWhenAPersonSaysSo(t *testing.T) {
	t.Parallel()
	w := newBackedUp(t, false, backups["a copy that the server made"](t))
	w.held(w.atOnce, queued)
	w.held(w.soon, scheduled)
	require.NoError(t, w.app.Publishing.Release(t.Context(), false))
	w.rest(w.atOnce, published)
	w.rest(w.soon, published)
	require.Len(t, w.vendors.Ledger(), 2)
}

// The account with which a post may have been sent is gone: the doubt is the same.
func TestWhatMayHaveBeenSentIsInDoubtWithoutItsAccountToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	post := w.draft("Due meanwhile")
	w.schedule(post, time.Second)
	require.NoError(t, w.app.Hold(t.Context()))
	w.held(post, scheduled)
	w.exec(`UPDATE linkedin_accounts SET is_default = false, disconnected_at = now(), sealed_token = NULL`)
	require.NoError(t, w.app.Publishing.Release(t.Context(), true))
	post = w.rest(post, unconfirmed)
	require.Equal(t, "DATABASE_RESTORED", post.GetFailure().GetCode())
}

// A replica that lagged takes over between the call and its answer, and knows nothing of the attempt.
func TestAnAnswerWhoseAttemptTheDatabaseLostIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.Slow, AfterMS: 1500, Times: 1})
	post := w.draft("The last moments are missing")
	_, err := w.posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.count(`SELECT count(*) FROM publish_attempts WHERE outcome = 'started'`) == 1 }, waitLimit, waitStep)
	w.exec(`WITH gone AS (DELETE FROM publish_attempts), back AS (UPDATE publications SET state = 'queued')
		UPDATE posts SET state = 'queued', revision = revision + 1`)
	post = w.rest(post, published)
	require.Equal(t, w.vendors.Ledger()[0].URN, post.GetLinkedinUrn())
	require.Len(t, w.vendors.Ledger(), 1)
	require.Len(t, w.attempts(post), 1)
}
