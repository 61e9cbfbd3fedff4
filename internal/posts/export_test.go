package posts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/text"
)

// Index indexes an owner's posts, as IndexForSearch does when a search needs it.
func (s *Service) Index(ctx context.Context, ownerID uuid.UUID) error { return s.index(ctx, ownerID) }

// GramsFor are the grams that a query is looked up by.
func GramsFor(ownerID uuid.UUID, query string) []int32 { return gramsFor(ownerID, text.Fold(query)) }
