package posts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/text"
)

// foldAtOnce is how many posts are folded in one go.
const foldAtOnce = 500

// FoldAll makes the posts of all owners searchable by their folded contents that are not yet, because they are from before there
// were any, or were made by an older build since. It returns how many there were. What it has done stays done when it is stopped,
// and while it runs everything goes on.
func (s *Service) FoldAll(ctx context.Context) (folded int, err error) {
	for after := uuid.Nil; ; {
		found, err := s.queries.PostListUnfolded(ctx, s.store, db.PostListUnfoldedParams{AfterID: after, PageSize: foldAtOnce})
		if err != nil || len(found) == 0 {
			return folded, err
		}
		var rows db.PostPutFoldedParams
		for _, p := range found {
			rows.IDs, rows.Contents, rows.Folded = append(rows.IDs, p.ID), append(rows.Contents, p.Content), append(rows.Folded, text.Fold(p.Content))
			after = p.ID
		}
		done, err := s.queries.PostPutFolded(ctx, s.store, rows)
		if err != nil {
			return folded, err
		}
		folded += int(done)
	}
}
