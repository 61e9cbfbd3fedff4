package posts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// How often a watcher looks: each look is one read by primary key, and the transitions table keeps what happened between
// two looks. A post that waits, for its time or for its account, is looked at less often, since it may wait for long.
const (
	watchInterval     = 200 * time.Millisecond
	watchIntervalIdle = 2 * time.Second
)

// Watch gives the post to emit now and again at every change of its state, in order and without a gap, and returns nil
// when the post rests. It returns emit's error, or NotFound when the post is deleted, or the cause of the context's end,
// whatever that end interrupted.
func (s *Service) Watch(ctx context.Context, ownerID, id uuid.UUID, emit func(Post) error) error {
	err := s.watch(ctx, ownerID, id, emit)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (s *Service) watch(ctx context.Context, ownerID, id uuid.UUID, emit func(Post) error) error {
	post, err := s.Get(ctx, ownerID, id)
	if err != nil {
		return err
	}
	if err := emit(post); err != nil {
		return err
	}
	waitsFor := post.FailureCode
	for seen, state := post.Revision, post.State; !Rests(state); {
		interval := watchInterval
		if state == StateScheduled || waitsFor != "" {
			interval = watchIntervalIdle
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
		if post, err = s.Get(ctx, ownerID, id); err != nil {
			return err
		}
		if post.Revision == seen {
			continue
		}
		transitions, err := s.queries.PostTransitionsAfter(ctx, s.store, db.PostTransitionsAfterParams{
			PostID: id, OwnerID: ownerID, AfterRevision: seen,
		})
		if err != nil {
			return err
		}
		if len(transitions) == 0 { // it changed, and not its state
			seen = post.Revision
			if post.FailureCode != waitsFor { // what it waits for did
				waitsFor = post.FailureCode
				if err := emit(post); err != nil {
					return err
				}
			}
			continue
		}
		// Read again, so that the row is at least as new as the last transition.
		if post, err = s.Get(ctx, ownerID, id); err != nil {
			return err
		}
		waitsFor = post.FailureCode
		for _, t := range transitions {
			seen, state = t.Revision, t.State
			if err := emit(asOf(post, t)); err != nil {
				return err
			}
		}
	}
	return nil
}

// asOf is the post as it stood when it entered a state that it may have left since: what came of publishing it is left
// out of the states before.
func asOf(post Post, t db.PostTransition) Post {
	if t.State == post.State {
		return post
	}
	post.State, post.UpdatedAt, post.Revision = t.State, t.OccurredAt, t.Revision
	post.PublishedAt, post.LinkedinURN = nil, ""
	post.FailureCode, post.FailureMessage, post.FailureRemedy = "", "", ""
	return post
}
