package posts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Watch gives the post to emit now and again at every change of its state, in order and without a gap, and returns nil
// when the post rests. What it gave last it gives again after the longest silence; 0 for never. It returns emit's error, or
// NotFound when the post is deleted, or the cause of the context's end, whatever that end interrupted.
func (s *Service) Watch(ctx context.Context, ownerID, id uuid.UUID, longest time.Duration, emit func(Post) error) error {
	err := s.watch(ctx, ownerID, id, longest, emit)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (s *Service) watch(ctx context.Context, ownerID, id uuid.UUID, longest time.Duration, emit func(Post) error) error {
	watcher := s.NewWatcher(id)
	defer watcher.Close()
	post, err := s.Get(ctx, ownerID, id)
	if err != nil {
		return err
	}
	watcher.Saw(id, post.Revision)
	silence := NewSilence(longest)
	defer silence.Stop()
	told := post
	tell := func(p Post) error {
		told = p
		defer silence.Broken()
		return emit(p)
	}
	if err := tell(post); err != nil {
		return err
	}
	waitsFor := post.FailureCode
	for seen := post.Revision; !told.Rests(); {
		changed, err := watcher.Changed(ctx, silence)
		if err != nil {
			return err
		}
		if len(changed) == 0 {
			if err := tell(told); err != nil {
				return err
			}
			continue
		}
		var transitions []db.PostTransition
		if err := watcher.Read(ctx, func() (err error) {
			post, transitions, err = s.since(ctx, ownerID, id, seen)
			return err
		}); err != nil {
			return err
		}
		if len(transitions) == 0 { // if it changed, then not its state
			seen = post.Revision
			watcher.Saw(id, seen)
			if post.FailureCode != waitsFor { // what it waits for did
				waitsFor = post.FailureCode
				if err := tell(post); err != nil {
					return err
				}
			}
			continue
		}
		waitsFor = post.FailureCode
		watcher.Saw(id, transitions[len(transitions)-1].Revision)
		for _, t := range transitions {
			seen = t.Revision
			if err := tell(asOf(post, t)); err != nil {
				return err
			}
		}
	}
	return nil
}

// since reads a post and the states that it has entered after a revision. The post is at least as new as the last of them;
// where there are none, it has entered none up to its own revision.
func (s *Service) since(ctx context.Context, ownerID, id uuid.UUID, revision int64) (Post, []db.PostTransition, error) {
	post, err := s.Get(ctx, ownerID, id)
	if err != nil || post.Revision == revision {
		return post, nil, err
	}
	transitions, err := s.queries.PostTransitionsAfter(ctx, s.store, db.PostTransitionsAfterParams{
		PostID: id, OwnerID: ownerID, AfterRevision: revision,
	})
	if err != nil || len(transitions) == 0 {
		return post, nil, err
	}
	post, err = s.Get(ctx, ownerID, id) // again: it may have moved on before the states were read
	return post, transitions, err
}

// asOf is the post as it stood when it entered a state that it may have left since: what came of publishing it is left
// out of the states before.
func asOf(post Post, t db.PostTransition) Post {
	if t.State == post.State {
		return post
	}
	post.State, post.UpdatedAt, post.Revision = t.State, t.OccurredAt, t.Revision
	post.PublishedAt, post.LinkedInURN = nil, ""
	post.FailureCode, post.FailureMessage, post.FailureRemedy = "", "", ""
	return post
}
