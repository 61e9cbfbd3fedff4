package posts_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// operations counts a store's, and does something when one has ended.
type operations struct {
	mu    sync.Mutex
	ended map[string]int
	then  func(operation string)
}

func (o *operations) Operation(name string, _ time.Duration, _ bool) {
	o.mu.Lock()
	if o.ended == nil {
		o.ended = map[string]int{}
	}
	o.ended[name]++
	then := o.then
	o.mu.Unlock()
	if then != nil {
		then(name)
	}
}

func (o *operations) Retry(string) {}

// watchers are how many operations there were that only watchers and polls carry out.
func (o *operations) watchers() (reads, polls int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ended["PostGet"] + o.ended["PostTransitionsAfter"], o.ended["PostListRevisions"]
}

// awaitPoll waits for the first poll: what is announced from then on is heard.
func (o *operations) awaitPoll(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { _, polls := o.watchers(); return polls > 0 }, waitLimit, time.Millisecond)
}

// watched is a world with watchers on a store of their own, whose operations are counted, beside the one that changes posts.
func watched(t *testing.T, throughWire func(url string) string) (*world, *operations) {
	t.Helper()
	databaseURL := dbtest.New(t)
	counted := &operations{}
	w := newWorldAt(t, databaseURL, postgres.Unobserved{})
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = databaseURL, 0
	if throughWire != nil {
		cfg.URL = throughWire(databaseURL)
	}
	store, err := postgres.Open(t.Context(), cfg, counted, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w.Service = posts.New(store, nil, w.now)
	w.hear(store)
	return w, counted
}

func TestAChangeIsSeenWithoutAPoll(t *testing.T) {
	t.Parallel()
	w, counted := watched(t, nil)
	post := w.in(posts.StateQueued)
	seen := w.watch(t.Context(), post)
	seen.next(posts.StateQueued)
	w.poll(never)
	counted.awaitPoll(t) // at what may have happened before the listening began
	w.enter(post, posts.StatePublishing)
	seen.next(posts.StatePublishing)
	w.waits(post, "DAY_LIMIT")
	require.Equal(t, "DAY_LIMIT", seen.next(posts.StateQueued).FailureCode)
	w.waits(post, "ACCOUNT_PAUSED") // no other state
	require.Equal(t, "ACCOUNT_PAUSED", seen.next(posts.StateQueued).FailureCode)
	w.enter(post, posts.StatePublishing)
	seen.next(posts.StatePublishing)
	w.enter(post, posts.StatePublished)
	seen.next(posts.StatePublished)
	require.NoError(t, <-seen.ended)
	_, polls := counted.watchers()
	require.Equal(t, 1, polls)
}

// waits lets a post of Ada's wait for something.
func (w *world) waits(post posts.Post, code string) {
	w.t.Helper()
	_, err := queries.PostMarkWaiting(w.t.Context(), w.store, db.PostMarkWaitingParams{ID: post.ID, OwnerID: w.ada, FailureCode: code, Now: w.now()})
	require.NoError(w.t, err)
}

// Nothing is announced here, as behind a pooler that shares sessions.
func TestAChangeThatWasNotHeardIsSeenAtTheNextPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.poll(time.Millisecond)
	post, other := w.in(posts.StateQueued), w.in(posts.StateQueued)
	seen, deleted := w.watch(t.Context(), post), w.watch(t.Context(), other)
	seen.next(posts.StateQueued)
	deleted.next(posts.StateQueued)
	w.waits(post, "DAY_LIMIT")
	require.Equal(t, "DAY_LIMIT", seen.next(posts.StateQueued).FailureCode)
	w.enter(post, posts.StatePublishing)
	w.enter(post, posts.StateFailed)
	seen.next(posts.StatePublishing)
	seen.next(posts.StateFailed)
	require.NoError(t, <-seen.ended)
	require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: other.ID}))
	require.ErrorContains(t, <-deleted.ended, "There is no such post")
}

func TestWhatHappensWhileNobodyListensIsSeenAfterwards(t *testing.T) {
	t.Parallel()
	var wire *dbtest.Wire
	w, counted := watched(t, func(url string) string {
		wire = dbtest.NewWire(t, url)
		return wire.URL()
	})
	post := w.in(posts.StateQueued)
	seen := w.watch(t.Context(), post)
	seen.next(posts.StateQueued)
	w.poll(never)
	counted.awaitPoll(t)

	wire.Refuse(1 << 30)
	wire.Cut()
	w.enter(post, posts.StatePublishing)
	wire.Refuse(0)
	seen.next(posts.StatePublishing)

	// And the new connection is listened to.
	w.enter(post, posts.StatePublished)
	seen.next(posts.StatePublished)
	require.NoError(t, <-seen.ended)
}

// The wait after a failed poll doubled without a bound: after 35 of them it was negative, and the process ended.
func TestPollsThatFailForLongAreTakenUpAgain(t *testing.T) {
	t.Parallel()
	w, counted := watched(t, nil)
	post := w.in(posts.StateQueued)
	watcher := w.NewWatcher(post.ID)
	defer watcher.Close()
	_, err := w.store.Pool().Exec(t.Context(), "ALTER TABLE posts RENAME TO posts_away")
	require.NoError(t, err)
	w.poll(time.Microsecond)
	require.Eventually(t, func() bool { _, polls := counted.watchers(); return polls > 100 }, waitLimit, time.Millisecond)
	_, err = w.store.Pool().Exec(t.Context(), "ALTER TABLE posts_away RENAME TO posts")
	require.NoError(t, err)
	w.enter(post, posts.StatePublishing)
	_, err = watcher.Changed(t.Context(), posts.Silence{})
	require.NoError(t, err)
}

// A watcher that is made after its post was read would never hear of what happened in between.
func TestAChangeRightAfterTheFirstReadIsSeen(t *testing.T) {
	t.Parallel()
	w, counted := watched(t, nil)
	post := w.in(posts.StateQueued)
	another := w.NewWatcher(post.ID)
	defer another.Close()
	w.poll(never)
	counted.awaitPoll(t)
	_, err := another.Changed(t.Context(), posts.Silence{}) // of the poll
	require.NoError(t, err)
	var once sync.Once
	counted.mu.Lock()
	counted.then = func(operation string) {
		if operation == "PostGet" {
			once.Do(func() { // on the goroutine of the watch
				w.enter(post, posts.StatePublishing)
				_, err := another.Changed(t.Context(), posts.Silence{})
				require.NoError(t, err)
			})
		}
	}
	counted.mu.Unlock()
	seen := w.watch(t.Context(), post)
	seen.next(posts.StateQueued)
	seen.next(posts.StatePublishing)
	_, polls := counted.watchers()
	require.Equal(t, 1, polls)
}

// The post is read, moves on, and its states are read: what is shown of the last one is not what was read before it.
func TestAPostThatMovesOnWhileItIsReadIsShownAsItIs(t *testing.T) {
	t.Parallel()
	w, counted := watched(t, nil)
	w.poll(never)
	post := w.in(posts.StateQueued)
	seen := w.watch(t.Context(), post)
	seen.next(posts.StateQueued)
	var once sync.Once
	counted.mu.Lock()
	counted.then = func(operation string) {
		if operation == "PostGet" {
			once.Do(func() { w.enter(post, posts.StatePublished) })
		}
	}
	counted.mu.Unlock()
	w.enter(post, posts.StatePublishing)
	seen.next(posts.StatePublishing)
	require.Equal(t, "urn:li:share:7", seen.next(posts.StatePublished).LinkedInURN)
	require.NoError(t, <-seen.ended)
}

func TestIdleWatchersAskNothing(t *testing.T) {
	t.Parallel()
	w, counted := watched(t, nil)
	const idle, changes = 1000, 20
	post := w.in(posts.StateQueued)
	first := w.NewWatcher(post.ID)
	defer first.Close()
	w.poll(never)
	counted.awaitPoll(t)
	_, err := first.Changed(t.Context(), posts.Silence{}) // of the poll
	require.NoError(t, err)
	drafts := make([]posts.Draft, idle)
	for i := range drafts {
		drafts[i].Content = fmt.Sprintf("Number %d", i)
	}
	made, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: drafts})
	require.NoError(t, err)
	_, err = w.store.Pool().Exec(t.Context(), "UPDATE posts SET state = 'queued', revision = revision + 1 WHERE id <> $1", post.ID)
	require.NoError(t, err)
	w.enter(post, posts.StatePublishing)
	_, err = first.Changed(t.Context(), posts.Silence{}) // what was announced before was heard before
	require.NoError(t, err)
	w.waits(post, "DAY_LIMIT")
	ctx, cancel := context.WithCancel(t.Context())
	all := make([]watching, idle)
	for i := range all {
		all[i] = w.watch(ctx, made[i])
	}
	for _, one := range all {
		one.next(posts.StateQueued)
	}
	seen := w.watch(t.Context(), post)
	seen.next(posts.StateQueued)
	readsBefore, pollsBefore := counted.watchers()

	for range changes / 2 {
		w.enter(post, posts.StatePublishing)
		seen.next(posts.StatePublishing)
		w.waits(post, "DAY_LIMIT")
		seen.next(posts.StateQueued)
	}

	reads, polls := counted.watchers()
	require.LessOrEqual(t, reads-readsBefore, 3*changes, "only the one whose post changed has read")
	require.Equal(t, pollsBefore, polls, "none is due")
	cancel()
	for _, one := range all {
		require.ErrorIs(t, <-one.ended, context.Canceled)
		require.Empty(t, one.posts)
	}
}

func TestWhoReceivesSlowlyHoldsNobodyUpAndMissesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen(never)
	post := w.in(posts.StateQueued)
	received, goOn := make(chan string), make(chan struct{})
	ended := make(chan error, 1)
	const slowOnes = 10 // more than may read at once
	for range slowOnes {
		go func() {
			ended <- w.Watch(t.Context(), w.ada, post.ID, 0, func(p posts.Post) error {
				received <- p.State
				<-goOn
				return nil
			})
		}()
		require.Equal(t, posts.StateQueued, <-received)
	}
	seen := w.watch(t.Context(), post)
	seen.next(posts.StateQueued)
	w.enter(post, posts.StatePublishing)
	seen.next(posts.StatePublishing)
	w.enter(post, posts.StatePublished)
	seen.next(posts.StatePublished)
	require.NoError(t, <-seen.ended)

	close(goOn)
	states := map[string]int{}
	for range 2 * slowOnes {
		states[<-received]++
	}
	require.Equal(t, map[string]int{posts.StatePublishing: slowOnes, posts.StatePublished: slowOnes}, states)
	for range slowOnes {
		require.NoError(t, <-ended)
	}
}

func TestAWatcherIsToldOfEachOfItsPostsOnceAndOfNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, left, foreign := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	watcher := w.NewWatcher(one, two, left, one)
	heard := w.Listener().Heard
	heard(left.String())
	watcher.Leave(left)
	for range 1000 {
		for _, id := range []uuid.UUID{one, two, left, foreign} {
			heard(id.String())
		}
	}
	heard("what somebody else may say")
	changed, err := watcher.Changed(t.Context(), posts.Silence{})
	require.NoError(t, err)
	require.ElementsMatch(t, []uuid.UUID{one, two}, changed)

	heard(two.String())
	changed, err = watcher.Changed(t.Context(), posts.Silence{})
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{two}, changed)

	watcher.Close()
	heard(one.String())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = watcher.Changed(ctx, posts.Silence{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestOnlyWhatAWatcherShowsIsAnnounced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	heard, began := make(chan string, 100), make(chan struct{}, 1)
	w.until(func(ctx context.Context) {
		w.store.Listen(ctx, postgres.Listener{
			Channel: w.Listener().Channel, Heard: func(id string) { heard <- id }, Missed: func() { began <- struct{}{} },
		})
	})
	<-began
	post := w.draft("Nobody waits for it yet")
	content := posts.Draft{Content: "Nor for this"}
	_, err := w.Update(t.Context(), posts.UpdateInput{OwnerID: w.ada, ID: post.ID, Draft: content, Fields: []string{"content"}})
	require.NoError(t, err)
	tx, err := w.store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "DELETE FROM posts")
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(t.Context()))
	w.enter(post, posts.StateQueued)                                                          // 1
	w.waits(post, "DAY_LIMIT")                                                                // 2
	w.waits(post, "DAY_LIMIT")                                                                // the same again
	w.waits(post, "ACCOUNT_PAUSED")                                                           // 3
	require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: post.ID})) // 4
	last := w.in(posts.StateQueued)                                                           // 5: what is announced arrives in order
	for range 4 {
		require.Equal(t, post.ID.String(), <-heard)
	}
	require.Equal(t, last.ID.String(), <-heard)
}
