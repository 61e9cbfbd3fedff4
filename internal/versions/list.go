package versions

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/pagetoken"
)

// page is how many versions are listed at once.
const page = 50

// ListInput asks for a post's versions.
type ListInput struct {
	OwnerID, PostID uuid.UUID
	// PageToken is the NextPageToken of the page of later versions; "" asks for the newest.
	PageToken string
}

// Page is a page of versions, the newest first.
type Page struct {
	Versions []Version
	// NextPageToken asks for those before; "" where the oldest that is kept is among these.
	NextPageToken string
}

// List returns the versions of a post of the owner, the newest page first. The text of a post that was never changed nor analysed is
// its only one.
func (s *Service) List(ctx context.Context, in ListInput) (Page, error) {
	before, err := pagetoken.Before(in.PostID, in.PageToken)
	if err != nil {
		return Page{}, err
	}
	post, err := s.find(ctx, in.OwnerID, in.PostID)
	if err != nil {
		return Page{}, err
	}
	list, err := fromRows(s.queries.PostVersionList(ctx, s.store, db.PostVersionListParams{
		PostID: in.PostID, OwnerID: in.OwnerID, BeforeNumber: before, PageSize: page + 1,
	}))
	if err != nil {
		return Page{}, err
	}
	if len(list) == 0 && in.PageToken == "" {
		list = []Version{{
			PostID: in.PostID, Number: 1, Kind: Text, TextNumber: 1, Content: post.Content, CreatedAt: post.CreatedAt,
		}}
	}
	if len(list) <= page {
		return Page{Versions: list}, nil
	}
	return Page{Versions: list[:page], NextPageToken: pagetoken.Make(in.PostID, int64(list[page-1].Number))}, nil
}

// find is a post of the owner: what it says, and since when it is there.
func (s *Service) find(ctx context.Context, ownerID, postID uuid.UUID) (db.PostVersionFindPostRow, error) {
	post, err := s.queries.PostVersionFindPost(ctx, s.store, db.PostVersionFindPostParams{PostID: postID, OwnerID: ownerID})
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "There is no such post.").WithCause(err)
	}
	return post, err
}

// DiffInput asks what has to change in one version's text to make it another's; 0 stands for the text that the post has now.
type DiffInput struct {
	OwnerID, PostID uuid.UUID
	From, To        int32
}

// Validate lists every fault of the input.
func (in DiffInput) Validate() error {
	if in.From == 0 && in.To == 0 {
		return fault.Fields(fault.Field{Path: "toVersion", Problem: "must be given, or fromVersion: a version that ListPostVersions shows"})
	}
	return nil
}

// Diff returns what has to change in one version's text to make it another's.
func (s *Service) Diff(ctx context.Context, in DiffInput) ([]Part, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	post, err := s.find(ctx, in.OwnerID, in.PostID)
	if err != nil {
		return nil, err
	}
	var texts [2]string
	for i, number := range []int32{in.From, in.To} {
		if texts[i], err = s.text(ctx, in, number, post.Content); err != nil {
			return nil, err
		}
	}
	return Compare(texts[0], texts[1]), nil
}

// text is that of a version; now is what the post says.
func (s *Service) text(ctx context.Context, in DiffInput, number int32, now string) (string, error) {
	if number == 0 {
		return now, nil
	}
	text, err := s.queries.PostVersionGetText(ctx, s.store, db.PostVersionGetTextParams{
		PostID: in.PostID, OwnerID: in.OwnerID, Number: number,
	})
	if !fault.Is(err, fault.NotFound) {
		return text, err
	}
	if number == 1 {
		if _, none := s.queries.PostVersionNewestText(ctx, s.store, in.PostID); fault.Is(none, fault.NotFound) {
			return now, nil // nobody changed it
		}
	}
	return "", fault.Newf(fault.NotFound, "There is no version %d of this post, or none any more: ListPostVersions shows those that are kept.", number).
		WithReason("NO_SUCH_VERSION").WithCause(err)
}
