package publishing

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// maxSamePerPost bounds how many posts that may have the same text are read for each post that is asked about.
const maxSamePerPost = 3

// sameTexts says of posts, each with its account, which other post of the account has the same text, as people read it. Posts
// without one are missing.
func (s *Service) sameTexts(
	ctx context.Context,
	on db.DBTX,
	ownerID uuid.UUID,
	list []posts.Post,
	accountIDs []uuid.UUID,
) (map[uuid.UUID]string, error) {
	arg := db.PostListSameTextParams{OwnerID: ownerID, MostEach: maxSamePerPost}
	for i, p := range list {
		for _, content := range decision.Contents(p) {
			arg.IDs, arg.Contents = append(arg.IDs, p.ID), append(arg.Contents, content)
			arg.AccountIDs = append(arg.AccountIDs, accountIDs[i]) //nolint:gosec // each post comes with its account
		}
	}
	found, err := s.queries.PostListSameText(ctx, on, arg)
	if err != nil {
		return nil, err
	}
	similar := make([]decision.Similar, len(found))
	for i, row := range found {
		similar[i] = decision.Similar{
			ID: row.ID, To: row.SameAs, State: row.State, Content: row.Content, Hashtags: row.Hashtags,
			AccountNamed: row.AccountID != nil, URN: row.LinkedInURN, PublishedAt: row.PublishedAt, ScheduledAt: row.ScheduledAt,
		}
	}
	return s.rules.SameTexts(list, similar, s.now()), nil
}
