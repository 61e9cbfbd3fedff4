package publishing

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
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
	before, err := in.before()
	if err != nil {
		return Attempts{}, err
	}
	if _, err := s.posts.Get(ctx, in.OwnerID, in.PostID); err != nil {
		return Attempts{}, err
	}
	list, err := attemptsFromRows(s.queries.AttemptListByPost(ctx, s.store, db.AttemptListByPostParams{
		PostID: in.PostID, OwnerID: in.OwnerID, BeforeNumber: before, Most: attemptsPage + 1,
	}))
	if err != nil {
		return Attempts{}, err
	}
	var page Attempts
	if len(list) > attemptsPage {
		list = list[:attemptsPage]
		page.NextPageToken = attemptsToken(in.PostID, list[len(list)-1].Number)
	}
	slices.Reverse(list)
	page.Attempts = list
	return page, nil
}

// attemptsToken is opaque, not secret: the post's id, and the number of the attempt before which the page ends.
func attemptsToken(postID uuid.UUID, before int32) string {
	number := uint32(before) //nolint:gosec // numbers count from 1
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(postID[:], number))
}

// before is the number before which the page ends.
func (in AttemptsInput) before() (int32, error) {
	if in.PageToken == "" {
		return math.MaxInt32, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(in.PageToken)
	if err != nil || len(b) != len(in.PostID)+4 || binary.BigEndian.Uint32(b[len(in.PostID):]) > math.MaxInt32 {
		return 0, fault.Fields(fault.Field{
			Path: "pageToken", Problem: "is not one of ours: send nextPageToken of the page before, unchanged",
		})
	}
	if uuid.UUID(b[:len(in.PostID)]) != in.PostID {
		return 0, fault.Fields(fault.Field{Path: "pageToken", Problem: "belongs to another post: start without a token"})
	}
	return int32(binary.BigEndian.Uint32(b[len(in.PostID):])), nil //nolint:gosec // checked above
}
