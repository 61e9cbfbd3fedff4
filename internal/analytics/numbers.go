package analytics

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/pagetoken"
)

// numbersPage is how many numbers are listed at once: somebody may ask for them again and again.
const numbersPage = 100

// NumbersInput asks for a post's numbers over time.
type NumbersInput struct {
	OwnerID, PostID uuid.UUID
	// PageToken is the NextPageToken of the page of later numbers; "" asks for the newest.
	PageToken string
}

// NumbersPage is a page of numbers, in the order they were counted.
type NumbersPage struct {
	Numbers []Numbers
	// NextPageToken asks for those before; "" where the first of the post are among these.
	NextPageToken string
}

// ListNumbers returns what LinkedIn counted of a post of the owner each time it was asked, the newest page first.
func (s *Service) ListNumbers(ctx context.Context, in NumbersInput) (NumbersPage, error) {
	before, err := pagetoken.Before(in.PostID, in.PageToken)
	if err != nil {
		return NumbersPage{}, err
	}
	if _, err := s.posts.Get(ctx, in.OwnerID, in.PostID); err != nil {
		return NumbersPage{}, err
	}
	list, err := s.numbersBefore(ctx, in.OwnerID, in.PostID, time.UnixMicro(before), numbersPage+1)
	if err != nil {
		return NumbersPage{}, err
	}
	var page NumbersPage
	if len(list) > numbersPage {
		list = list[:numbersPage]
		page.NextPageToken = pagetoken.Make(in.PostID, list[len(list)-1].CountedAt.UnixMicro())
	}
	slices.Reverse(list)
	page.Numbers = list
	return page, nil
}

// newestNumbers are those that were counted last; the zero Numbers where none were.
func (s *Service) newestNumbers(ctx context.Context, ownerID, postID uuid.UUID) (Numbers, error) {
	list, err := s.numbersBefore(ctx, ownerID, postID, time.UnixMicro(math.MaxInt64), 1)
	if err != nil || len(list) == 0 {
		return Numbers{}, err
	}
	return list[0], nil
}

func (s *Service) numbersBefore(ctx context.Context, ownerID, postID uuid.UUID, before time.Time, most int32) ([]Numbers, error) {
	return numbersFromRows(s.queries.AnalyticsListNumbers(ctx, s.store, db.AnalyticsListNumbersParams{
		PostID: postID, OwnerID: ownerID, Before: before, Most: most,
	}))
}
