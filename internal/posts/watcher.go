package posts

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"

	"github.com/postwright/postwright/internal/postgres"
)

const (
	// watcherPause is the least time between two reads of one watcher: what changes within it is read together.
	watcherPause = 50 * time.Millisecond
	// maxWatcherReads is how many watchers read at once in this process, so that however many are woken together, calls
	// find most of the database's connections free.
	maxWatcherReads = 4
	// PollInterval is how often the revisions of all that is watched are read, in case an announcement was not heard.
	PollInterval = 30 * time.Second
	// firstPollRetry is how soon a poll that failed is repeated; each further failure doubles it, up to the usual time.
	firstPollRetry = time.Second
	// pollPause is between the reads of one poll, MaxBatch posts each, so that a poll of very many posts takes longer and
	// not more of the database.
	pollPause = 250 * time.Millisecond
)

// watchers are those of this process. They are woken by what the database announces, and by a poll of everything that is
// watched where that may have been missed; while nothing happens they cost nothing.
type watchers struct {
	reads  *semaphore.Weighted
	missed chan struct{} // holds 1: a poll is due now

	mu     sync.Mutex
	byPost map[uuid.UUID][]*Watcher
}

func newWatchers() *watchers {
	return &watchers{
		reads: semaphore.NewWeighted(maxWatcherReads), missed: make(chan struct{}, 1), byPost: map[uuid.UUID][]*Watcher{},
	}
}

// Watcher learns which of its posts have changed. It holds no more than their ids, however much happens while nobody asks.
type Watcher struct {
	all   *watchers
	woken chan struct{} // holds 1: something is in changed

	// Guarded by all.mu.
	seen    map[uuid.UUID]int64 // the posts, and the revision that was read of each; 0 before the first read
	changed map[uuid.UUID]struct{}
}

// NewWatcher returns a watcher of posts; make it before the first read of them, so that no change falls between the two.
// It does not ask whose they are: who reads does. Close it after use.
func (s *Service) NewWatcher(ids ...uuid.UUID) *Watcher {
	w := &Watcher{
		all: s.watchers, woken: make(chan struct{}, 1), seen: make(map[uuid.UUID]int64, len(ids)), changed: map[uuid.UUID]struct{}{},
	}
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	for _, id := range ids {
		if _, twice := w.seen[id]; !twice {
			w.seen[id] = 0
			w.all.byPost[id] = append(w.all.byPost[id], w)
		}
	}
	return w
}

// Close ends the watch.
func (w *Watcher) Close() {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	for id := range w.seen {
		w.leave(id)
	}
}

// Leave ends the watch of one post.
func (w *Watcher) Leave(id uuid.UUID) {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	w.leave(id)
}

func (w *Watcher) leave(id uuid.UUID) {
	delete(w.seen, id)
	delete(w.changed, id)
	those := w.all.byPost[id]
	if i := slices.Index(those, w); i >= 0 {
		those = slices.Delete(those, i, i+1)
	}
	if len(those) == 0 {
		delete(w.all.byPost, id)
		return
	}
	w.all.byPost[id] = those
}

// Saw says which revision of a post was read: only a newer one is a change to a poll.
func (w *Watcher) Saw(id uuid.UUID, revision int64) {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	if _, watched := w.seen[id]; watched {
		w.seen[id] = revision
	}
}

// Changed waits until posts may have changed, or are gone, and returns their ids; each is returned once, however often it
// changed meanwhile. It returns none once silence ends, and the error of the context's end.
func (w *Watcher) Changed(ctx context.Context, silence Silence) ([]uuid.UUID, error) {
	if err := pause(ctx, watcherPause); err != nil {
		return nil, err
	}
	for {
		if ids := w.take(); len(ids) > 0 {
			return ids, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-silence.over:
			return nil, nil
		case <-w.woken:
		}
	}
}

func (w *Watcher) take() []uuid.UUID {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	ids := make([]uuid.UUID, 0, len(w.changed))
	for id := range w.changed {
		ids = append(ids, id)
	}
	clear(w.changed)
	return ids
}

// Read waits for its turn among the watchers and calls do, which reads what has changed and does nothing else: nobody's
// turn may depend on how fast somebody receives.
func (w *Watcher) Read(ctx context.Context, do func() error) error {
	if err := w.all.reads.Acquire(ctx, 1); err != nil {
		return err
	}
	defer w.all.reads.Release(1)
	return do()
}

// wake notes that a post may have changed. The caller holds all.mu.
func (w *Watcher) wake(id uuid.UUID) {
	w.changed[id] = struct{}{}
	select {
	case w.woken <- struct{}{}:
	default: // it will see this one too
	}
}

// Listener hears of the posts that change, for postgres.Store's Listen.
func (s *Service) Listener() postgres.Listener {
	return postgres.Listener{Channel: "post_changed", Heard: s.watchers.heard, Missed: func() {
		select {
		case s.watchers.missed <- struct{}{}:
		default:
		}
	}}
}

// heard wakes those who watch a post. Whatever else somebody announces on the channel concerns nobody.
func (a *watchers) heard(payload string) {
	id, err := uuid.Parse(payload)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range a.byPost[id] {
		w.wake(id)
	}
}

// PollForChanges reads the revisions of all posts that are watched every so often, and at once when announcements may have been
// missed, until ctx ends: that no watcher misses a change does not hang on announcements, only how soon it sees it.
func (s *Service) PollForChanges(ctx context.Context, every time.Duration) {
	again := firstPollRetry
	for wait := every; ; {
		select {
		case <-ctx.Done():
			return
		case <-s.watchers.missed:
		case <-time.After(wait/2 + rand.N(wait/2+1)): // not all processes at once
		}
		if err := s.poll(ctx); err != nil { // it is measured as every operation's failure is
			wait, again = min(again, every), min(2*again, every)
			continue
		}
		wait, again = every, firstPollRetry
	}
}

// poll reads the revisions of all that is watched and wakes those who know an older one.
func (s *Service) poll(ctx context.Context) error {
	for i, ids := range s.watchers.watched() {
		if i > 0 {
			if err := pause(ctx, pollPause); err != nil {
				return err
			}
		}
		rows, err := s.queries.PostListRevisions(ctx, s.store, ids)
		if err != nil {
			return err
		}
		found := make(map[uuid.UUID]int64, len(rows))
		for _, row := range rows {
			found[row.ID] = row.Revision
		}
		s.watchers.compare(ids, found)
	}
	return nil
}

// watched are the ids of all that is watched, in parts of MaxBatch at most.
func (a *watchers) watched() [][]uuid.UUID {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := make([]uuid.UUID, 0, len(a.byPost))
	for id := range a.byPost {
		ids = append(ids, id)
	}
	return slices.Collect(slices.Chunk(ids, MaxBatch))
}

// compare wakes those who have not seen the revision that was found of a post, or whose post is gone.
func (a *watchers) compare(polled []uuid.UUID, found map[uuid.UUID]int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range polled {
		revision, there := found[id]
		for _, w := range a.byPost[id] {
			if !there || revision > w.seen[id] {
				w.wake(id)
			}
		}
	}
}

// pause waits, or returns the error of the context's end.
func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}
