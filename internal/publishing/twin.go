package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// namesOfOthers are those of LinkedIn's names that are another post's, of whichever owner.
func (s *Service) namesOfOthers(ctx context.Context, on db.DBTX, id uuid.UUID, urns ...string) (map[string]db.PostListByURNRow, error) {
	found, err := s.queries.PostListByURN(ctx, on, db.PostListByURNParams{LinkedInURNs: urns, ID: id})
	if err != nil {
		return nil, err
	}
	names := make(map[string]db.PostListByURNRow, len(found))
	for _, other := range found {
		names[other.LinkedInURN] = other
	}
	return names, nil
}

// hasTwin reports whether another post that may have the same text is on its way to an account, may be there, or has been
// there since a time without anybody knowing its name: what LinkedIn shows may be that one.
func (s *Service) hasTwin(ctx context.Context, on db.DBTX, post posts.Post, accountURN string, since time.Time) (bool, error) {
	twins, err := s.queries.PostCountTwins(ctx, on, db.PostCountTwinsParams{
		ID: post.ID, AccountURN: accountURN, Contents: decision.Contents(post), Since: since,
	})
	return twins > 0, err
}

// unlessTwin takes from an outcome the post that LinkedIn named as the one this is a duplicate of, where that is, or may be,
// another than the earlier attempt: it says nothing about that then.
func (w *publicationWorker) unlessTwin(ctx context.Context, on db.DBTX, rows locked, o decision.Outcome, since time.Time) (decision.Outcome, error) {
	named := o.Answer.DuplicateOf
	if named == "" {
		return o, nil
	}
	others, err := w.namesOfOthers(ctx, on, rows.post.ID, named)
	if err != nil {
		return o, err
	}
	if other, known := others[named]; known {
		if other.OwnerID != rows.post.OwnerID {
			other.ID = uuid.Nil
		}
		return o.DuplicateOfOther(other.ID), nil
	}
	twin, err := w.hasTwin(ctx, on, rows.post, rows.account.URN, decision.Earliest(since))
	if err != nil || !twin {
		return o, err
	}
	return o.DuplicateOfTwin(), nil
}
