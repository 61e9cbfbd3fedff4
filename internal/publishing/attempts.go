package publishing

import (
	"context"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/pagetoken"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// The outcomes of an attempt: that of one that lasts, and the results of those that have ended.
const (
	OutcomeStarted  = "started"
	OutcomeAccepted = decision.Accepted
	OutcomeRejected = decision.Rejected
	OutcomeNotSent  = decision.NotSent
	OutcomeInDoubt  = decision.InDoubt
)

// How a doubt about an attempt was settled.
const (
	SettledPublished    = string(decision.SettledPublished)
	SettledNotPublished = string(decision.SettledNotPublished)
	SettledByDuplicate  = string(decision.SettledByDuplicate)
	SettledLateAccepted = string(decision.SettledLateAccepted)
	SettledLateRefused  = string(decision.SettledLateRefused)
	SettledReadBack     = string(decision.SettledReadBack)
	SettledAbsent       = string(decision.SettledAbsent)
)

// attemptsPage is how many attempts are listed at once: a post that somebody sends again and again has any number of them.
const attemptsPage = 100

// AttemptsInput asks for attempts to publish a post.
type AttemptsInput struct {
	OwnerID, PostID uuid.UUID
	// PageToken is the NextPageToken of the page of later attempts; "" asks for the newest.
	PageToken string
}

// Attempts is a page of attempts, in the order they were made.
type Attempts struct {
	Attempts []Attempt
	// NextPageToken asks for those before; "" where the first of the post is among these.
	NextPageToken string
}

// ListAttempts returns attempts to publish a post of the owner, the newest page first.
func (s *Service) ListAttempts(ctx context.Context, in AttemptsInput) (Attempts, error) {
	before, err := pagetoken.Before(in.PostID, in.PageToken)
	if err != nil {
		return Attempts{}, err
	}
	if _, err := s.posts.Get(ctx, in.OwnerID, in.PostID); err != nil {
		return Attempts{}, err
	}
	list, err := attemptsFromRows(s.queries.AttemptListByPost(ctx, s.store, db.AttemptListByPostParams{
		PostID: in.PostID, OwnerID: in.OwnerID, BeforeNumber: int32(min(before, math.MaxInt32)), //nolint:gosec // bounded by the line
		Most: attemptsPage + 1,
	}))
	if err != nil {
		return Attempts{}, err
	}
	var page Attempts
	if len(list) > attemptsPage {
		list = list[:attemptsPage]
		page.NextPageToken = pagetoken.Make(in.PostID, int64(list[len(list)-1].Number))
	}
	slices.Reverse(list)
	page.Attempts = list
	return page, nil
}
