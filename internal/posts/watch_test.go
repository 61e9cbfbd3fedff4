package posts_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// watching is a watcher of a post of Ada's, who tells what comes and in the end why no more does.
type watching struct {
	t     testing.TB
	posts chan posts.Post
	ended chan error
}

func (w *world) watch(ctx context.Context, post posts.Post) watching {
	seen := watching{t: w.t, posts: make(chan posts.Post, 100), ended: make(chan error, 1)}
	go func() {
		defer close(seen.posts)
		seen.ended <- w.Watch(ctx, w.ada, post.ID, 0, func(p posts.Post) error { seen.posts <- p; return nil })
	}()
	return seen
}

func (s watching) next(state string) posts.Post {
	s.t.Helper()
	select {
	case p := <-s.posts: // none when the watch has ended
		require.Equal(s.t, state, p.State)
		return p
	case <-time.After(waitLimit):
		require.FailNow(s.t, "nothing came", "%s was to", state)
	}
	return posts.Post{}
}

// waitLimit is how long a test waits for what must come.
const waitLimit = time.Minute

// never is too seldom for any test: what is seen although, was announced or missed.
const never = 1000 * time.Hour

// listen wakes the watchers until the test ends.
func (w *world) listen(every time.Duration) {
	w.hear(w.store)
	w.poll(every)
}

func (w *world) hear(store *postgres.Store) {
	w.until(func(ctx context.Context) { store.Listen(ctx, w.Listener()) })
}

func (w *world) poll(every time.Duration) {
	w.until(func(ctx context.Context) { w.PollForChanges(ctx, every) })
}

// until runs do until the test ends, and waits for it.
func (w *world) until(do func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var group sync.WaitGroup
	group.Go(func() { do(ctx) })
	w.t.Cleanup(func() {
		cancel()
		group.Wait()
	})
}

func TestAWatcherSeesEveryStateInOrderUntilThePostRests(t *testing.T) {
	t.Parallel()
	for _, last := range []string{posts.StatePublished, posts.StateFailed, posts.StateUnconfirmed} {
		t.Run(last, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.listen(never)
			post := w.in(posts.StateQueued)
			seen := w.watch(t.Context(), post)
			require.Equal(t, post, seen.next(posts.StateQueued))
			// Both follow each other faster than the watcher looks.
			w.enter(post, posts.StatePublishing)
			rests := w.enter(post, last)

			between := seen.next(posts.StatePublishing)
			require.Empty(t, between.LinkedInURN)
			require.Empty(t, between.FailureCode)
			require.Nil(t, between.PublishedAt)
			require.Equal(t, post.Revision+1, between.Revision)
			require.Equal(t, rests, seen.next(last))
			require.NoError(t, <-seen.ended)
			require.Empty(t, seen.posts)
		})
	}
}

func TestAWatcherSeesAPostThatFailsAndIsQueuedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen(never)
	post := w.in(posts.StatePublishing)
	seen := w.watch(t.Context(), post)
	seen.next(posts.StatePublishing)
	tx, err := w.store.Pool().Begin(t.Context()) // holds both changes back until they are there at once
	require.NoError(t, err)
	for _, sql := range []string{
		"UPDATE posts SET state = 'failed', failure_code = 'X', revision = revision + 1 WHERE id = $1",
		"UPDATE posts SET state = 'queued', failure_code = '', revision = revision + 1 WHERE id = $1",
	} {
		_, err = tx.Exec(t.Context(), sql, post.ID)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit(t.Context()))
	seen.next(posts.StateFailed)
	seen.next(posts.StateQueued)
	w.enter(post, posts.StatePublished)
	seen.next(posts.StatePublished)
	require.NoError(t, <-seen.ended)
}

func TestAWatcherOfAPostAtRestSeesItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, state := range []string{posts.StateDraft, posts.StatePublished, posts.StateFailed, posts.StateUnconfirmed} {
		post := w.in(state)
		seen := w.watch(t.Context(), post)
		require.NoError(t, <-seen.ended)
		require.Equal(t, post, seen.next(state))
		require.Empty(t, seen.posts)
	}
}

func TestAWatchEndsWhenThereIsNothingToWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen(never)
	t.Run("deleted meanwhile", func(t *testing.T) {
		post := w.in(posts.StateQueued)
		seen := w.watch(t.Context(), post)
		seen.next(posts.StateQueued)
		require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: post.ID}))
		require.Equal(t, fault.NotFound, kindOf(t, <-seen.ended))
	})
	t.Run("another owner's", func(t *testing.T) {
		post := w.in(posts.StateQueued)
		err := w.Watch(t.Context(), w.bob, post.ID, 0, func(posts.Post) error { return errors.New("shown") })
		require.Equal(t, fault.NotFound, kindOf(t, err))
	})
	t.Run("never there", func(t *testing.T) {
		err := w.Watch(t.Context(), w.ada, uuid.New(), 0, func(posts.Post) error { return errors.New("shown") })
		require.Equal(t, fault.NotFound, kindOf(t, err))
	})
	t.Run("nobody looks any more", func(t *testing.T) {
		gone := errors.New("the stream is closed")
		require.ErrorIs(t, w.Watch(t.Context(), w.ada, w.in(posts.StateQueued).ID, 0, func(posts.Post) error { return gone }), gone)
	})
}

func TestAWatchEndsWithItsContextAndSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.in(posts.StateQueued)
	stopping := fault.New(fault.Unavailable, "The server is stopping.")
	t.Run("while it waits", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		seen := w.watch(ctx, post)
		seen.next(posts.StateQueued)
		cancel(stopping)
		require.Equal(t, error(stopping), <-seen.ended)
	})
	t.Run("while it reads", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stopping)
		require.Equal(t, error(stopping), <-w.watch(ctx, post).ended)
	})
	t.Run("without a reason", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, <-w.watch(ctx, post).ended, context.Canceled)
	})
}

func TestAWatcherIsToldTheSameAgainWhereNothingChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen(never)
	post := w.in(posts.StateQueued)
	given := make(chan posts.Post)
	ended := make(chan error, 1)
	go func() {
		ended <- w.Watch(t.Context(), w.ada, post.ID, time.Millisecond, func(p posts.Post) error { given <- p; return nil })
	}()
	first := <-given
	for range 3 {
		require.Equal(t, first, <-given)
	}
	w.enter(post, posts.StatePublishing)
	p := <-given
	for p.State == posts.StateQueued { // it was on its way already
		p = <-given
	}
	require.Equal(t, posts.StatePublishing, p.State)
	require.Equal(t, p.Etag(), (<-given).Etag())
	w.enter(post, posts.StatePublished)
	for p.State == posts.StatePublishing {
		p = <-given
	}
	require.Equal(t, posts.StatePublished, p.State)
	require.NoError(t, <-ended)
}
