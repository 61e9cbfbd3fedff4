package posts_test

import (
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var queries = db.New()

// dawn is when the clock of every test begins.
var dawn = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// world is the use cases on a database of their own, with two owners.
type world struct {
	*posts.Service
	t            testing.TB
	store        *postgres.Store
	ada, bob     uuid.UUID
	adasAccount  uuid.UUID
	bobsAccount  uuid.UUID
	milliseconds atomic.Int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldAt(t, dbtest.New(t), postgres.Unobserved{})
}

// newWorldAt is newWorld on a given database, with somebody who watches its operations.
func newWorldAt(t testing.TB, databaseURL string, observe postgres.Observer) *world {
	t.Helper()
	w := &world{t: t}
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = databaseURL, 0
	store, err := postgres.Open(t.Context(), cfg, observe, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w.store = store
	w.Service = posts.New(store, nil, w.now)
	w.ada, w.adasAccount = w.owner("ada")
	w.bob, w.bobsAccount = w.owner("bob")
	return w
}

// now moves on by a millisecond whenever somebody looks.
func (w *world) now() time.Time {
	return dawn.Add(time.Duration(w.milliseconds.Add(1)) * time.Millisecond)
}

// owner makes a user with a LinkedIn account.
func (w *world) owner(name string) (id, accountID uuid.UUID) {
	w.t.Helper()
	user, err := queries.UserInsert(
		w.t.Context(),
		w.store,
		db.UserInsertParams{ID: uuid.New(), Email: name + "@example.org", EmailKey: name + "@example.org", CreatedAt: dawn},
	)
	require.NoError(w.t, err)
	return user.ID, w.account(user.ID, name)
}

// account gives a user a LinkedIn account.
func (w *world) account(owner uuid.UUID, name string) uuid.UUID {
	w.t.Helper()
	account, err := queries.AccountUpsert(w.t.Context(), w.store, db.AccountUpsertParams{
		ID: uuid.New(), OwnerID: owner, URN: "urn:li:person:" + name, SealedToken: []byte{}, Scopes: []string{}, Now: dawn,
	})
	require.NoError(w.t, err)
	return account.ID
}

// draft makes a post of Ada's.
func (w *world) draft(content string) posts.Post {
	w.t.Helper()
	post, err := w.Create(w.t.Context(), posts.CreateInput{OwnerID: w.ada, Draft: posts.Draft{Content: content}})
	require.NoError(w.t, err)
	return post
}

// enter moves a post of Ada's into a state, as internal/publishing would.
func (w *world) enter(post posts.Post, state string) posts.Post {
	w.t.Helper()
	var moved db.Post
	var err error
	switch now := w.now(); state {
	case posts.StateQueued:
		moved, err = queries.PostMarkQueued(
			w.t.Context(),
			w.store,
			db.PostMarkQueuedParams{ID: post.ID, OwnerID: w.ada, AccountID: w.adasAccount, Now: now},
		)
	case posts.StatePublishing:
		moved, err = w.begin(post, now)
	case posts.StatePublished:
		moved, err = queries.PostMarkPublished(w.t.Context(), w.store, db.PostMarkPublishedParams{
			ID: post.ID, OwnerID: w.ada, LinkedInURN: "urn:li:share:7", Now: now,
		})
	default:
		moved, err = queries.PostMarkNotPublished(w.t.Context(), w.store, db.PostMarkNotPublishedParams{
			ID: post.ID, OwnerID: w.ada, State: state, Now: now,
			FailureCode: "CODE", FailureMessage: "It failed.", FailureRemedy: "Mend it.",
		})
	}
	entered, err := posts.FromRow(moved, err)
	require.NoError(w.t, err)
	require.Equal(w.t, state, entered.State)
	return entered
}

// begin moves a post of Ada's that is queued into being sent.
func (w *world) begin(post posts.Post, now time.Time) (db.Post, error) {
	w.t.Helper()
	_, err := w.store.Exec(w.t.Context(), `UPDATE posts SET state = 'publishing', failure_code = '', failure_message = '', failure_remedy = '',
		revision = revision + 1, updated_at = $1 WHERE id = $2 AND state = 'queued'`, now, post.ID)
	require.NoError(w.t, err)
	return queries.PostGet(w.t.Context(), w.store, db.PostGetParams{ID: post.ID, OwnerID: w.ada})
}

// in makes a post of Ada's in a state.
func (w *world) in(state string) posts.Post {
	w.t.Helper()
	post := w.draft("A post that comes to be " + state)
	if state == posts.StateDraft {
		return post
	}
	post = w.enter(post, posts.StateQueued)
	if state == posts.StateQueued {
		return post
	}
	post = w.enter(post, posts.StatePublishing)
	if state == posts.StatePublishing {
		return post
	}
	return w.enter(post, state)
}

// count is how many posts an owner has.
func (w *world) count(owner uuid.UUID) int {
	w.t.Helper()
	rows, err := queries.PostListByOwner(w.t.Context(), w.store, db.PostListByOwnerParams{
		OwnerID: owner, BeforeTime: dawn.AddDate(1, 0, 0), BeforeID: uuid.Max, PageSize: 1 << 20,
	})
	require.NoError(w.t, err)
	return len(rows)
}

// kindOf is the kind of a failure; it must be one.
func kindOf(t *testing.T, err error) fault.Kind {
	t.Helper()
	require.Error(t, err)
	return fault.Of(err).Kind
}

// fieldsOf are the fields that an Invalid fault names, in its order.
func fieldsOf(t *testing.T, err error) []string {
	t.Helper()
	require.Equal(t, fault.Invalid, kindOf(t, err), "%v", err)
	return paths(fault.Of(err).Fields)
}

func paths(fields []fault.Field) []string {
	list := []string{}
	for _, f := range fields {
		list = append(list, f.Path)
	}
	return list
}
