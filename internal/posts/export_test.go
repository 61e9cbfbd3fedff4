package posts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/text"
)

// Index indexes an owner's posts, as IndexForSearch does when a search needs it.
func (s *Service) Index(ctx context.Context, ownerID uuid.UUID) error { return s.index(ctx, ownerID) }

// GramsFor are the grams that a query is looked up by where the newest posts have none of them.
func GramsFor(ownerID uuid.UUID, query string) []int32 {
	grams, _ := rarest(piecesOf(ownerID, text.Fold(query)), nil)
	return grams
}
