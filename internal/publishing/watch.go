package publishing

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// Progress is how far one post of a batch is.
type Progress struct {
	ID    uuid.UUID
	Index int // its place in the request
	// State is the one that the post rests in, or queued for one that waits; "" for one that was refused or deleted.
	State   string
	URN     string
	Failure decision.Failure // what went wrong, or what it waits for
	Refused bool
	Warning string // what may not be meant about it; "" for nothing
	// Done counts the posts that are through, this one included unless it waits; Total is all.
	Done, Total int
}

// WatchBatch gives emit one Progress for each post of a batch as it comes to rest, and one before for each that has to wait;
// those that were refused come first. After the longest silence, 0 for never, one that is not through is told once more as
// one that waits. It ends when all rest. It returns emit's error, or the cause of the context's end;
// the publications go on by themselves either way.
func (s *Service) WatchBatch(ctx context.Context, ownerID uuid.UUID, batch Approved, longest time.Duration, emit func(Progress) error) error {
	watch := &batchWatch{
		batch: batch, open: map[uuid.UUID]int{}, waiting: map[uuid.UUID]decision.Failure{}, silence: posts.NewSilence(longest), emit: emit,
	}
	defer watch.silence.Stop()
	if err := watch.refusals(); err != nil {
		return err
	}
	ids := slices.Collect(maps.Keys(watch.open))
	watcher := s.posts.NewWatcher(ids...)
	defer watcher.Close()
	for len(watch.open) > 0 {
		var states []db.PostListStatesRow
		err := watcher.Read(ctx, func() (err error) {
			states, err = s.queries.PostListStates(ctx, s.store, db.PostListStatesParams{IDs: ids, OwnerID: ownerID})
			return err
		})
		if err == nil {
			err = watch.report(ids, states, watcher)
		}
		if err == nil && len(watch.open) > 0 {
			ids, err = watch.changed(ctx, watcher)
		}
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// batchWatch is what has been told of a batch so far.
type batchWatch struct {
	batch   Approved
	open    map[uuid.UUID]int              // the posts that don't rest yet, and their places
	waiting map[uuid.UUID]decision.Failure // what a post was last said to wait for
	done    int
	silence posts.Silence
	emit    func(Progress) error
}

func (w *batchWatch) refusals() error {
	for i, id := range w.batch.IDs {
		refused, no := w.batch.Refused[i]
		if !no {
			w.open[id] = i
			continue
		}
		if err := w.rests(i, Progress{Failure: refused, Refused: true}); err != nil {
			return err
		}
	}
	return nil
}

// report tells what is new in the states of open posts that were read, in the order of the batch.
func (w *batchWatch) report(ids []uuid.UUID, states []db.PostListStatesRow, watcher *posts.Watcher) error {
	found := make(map[uuid.UUID]db.PostListStatesRow, len(states))
	for _, state := range states {
		found[state.ID] = state
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return cmp.Compare(w.open[a], w.open[b]) })
	for _, id := range ids {
		state, there := found[id]
		p := Progress{State: state.State, URN: state.LinkedInURN, Failure: decision.Failure{
			Code: state.FailureCode, Message: state.FailureMessage, Remedy: state.FailureRemedy,
		}}
		if !there {
			p.Failure = decision.Failure{
				Code: "DELETED", Message: "The post was deleted before it went out.", Remedy: "Nothing is left to do.",
			}
		}
		i := w.open[id]
		var err error
		switch {
		case !there, posts.Post{State: state.State}.Rests():
			delete(w.open, id)
			watcher.Leave(id)
			err = w.rests(i, p)
		default:
			watcher.Saw(id, state.Revision)
			if state.State == posts.StateQueued && state.FailureCode != "" && state.FailureCode != w.waiting[id].Code {
				w.waiting[id] = p.Failure
				err = w.tell(i, p)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *batchWatch) rests(i int, p Progress) error {
	w.done++
	return w.tell(i, p)
}

func (w *batchWatch) tell(i int, p Progress) error {
	p.ID, p.Index, p.Done, p.Total, p.Warning = w.batch.IDs[i], i, w.done, len(w.batch.IDs), w.batch.Warnings[i]
	defer w.silence.Broken()
	return w.emit(p)
}

// changed waits until open posts may have changed, and breaks the silence until then.
func (w *batchWatch) changed(ctx context.Context, watcher *posts.Watcher) ([]uuid.UUID, error) {
	for {
		ids, err := watcher.Changed(ctx, w.silence)
		if err != nil || len(ids) > 0 {
			return ids, err
		}
		if err := w.again(); err != nil {
			return nil, err
		}
	}
}

// again tells of the first post that is not through what was told of it last, or that it waits for its turn.
func (w *batchWatch) again() error {
	first := -1
	for _, i := range w.open {
		if first < 0 || i < first {
			first = i
		}
	}
	return w.tell(first, Progress{State: posts.StateQueued, Failure: w.waiting[w.batch.IDs[first]]})
}
