package publishing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/posts"
)

// Posts of the same text are hard to tell apart on LinkedIn, and several owners may post with one account, such as a page's.
// So what LinkedIn shows settles a doubt only where it can't be another post.

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
		ID: post.ID, AccountURN: accountURN, Contents: contentsOf(post), Since: since,
	})
	return twins > 0, err
}

// unlessTwin takes from an outcome the post that LinkedIn named as the one this is a duplicate of, where that is, or may be,
// another than the earlier attempt: it says nothing about that then.
func (s *Service) unlessTwin(ctx context.Context, on db.DBTX, rows locked, o outcome, since time.Time) (outcome, error) {
	if o.duplicateOf == "" {
		return o, nil
	}
	others, err := s.namesOfOthers(ctx, on, rows.post.ID, o.duplicateOf)
	if err != nil {
		return o, err
	}
	other, known := others[o.duplicateOf]
	what := ""
	switch {
	case known && other.OwnerID == rows.post.OwnerID:
		what = fmt.Sprintf("is the post %s", other.ID)
	case known:
		what = "is another post"
	default:
		twin, err := s.hasTwin(ctx, on, rows.post, rows.account.URN, since.Add(-clockTrouble))
		if err != nil || !twin {
			return o, err
		}
		what = "may be another post of the same text"
	}
	o.failure.message = fmt.Sprintf("LinkedIn refused the text as a duplicate of %s, which %s.", o.duplicateOf, what)
	o.duplicateOf = ""
	return o, nil
}
