package posts

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/text"
)

const (
	// walksAtMost bounds the posts that a search looks at one after the other, 200 each (PostSearchWalk).
	walksAtMost = 10
	// candidatesAtMost is how many posts the index may name for a search to go by it; PostSearchCandidates names one more.
	candidatesAtMost = 1_000
	// commonPart is of how many posts one has all that the index is asked for where it is not asked if it would name too many:
	// to find that out by itself takes it as long as there are such posts.
	commonPart = 10
	// candidatesAtOnce is how many of them are looked at together: the newest often fill the page.
	candidatesAtOnce = 100
	// unindexedAtMost is how many of a search's candidates may be posts that are not indexed before they are.
	unindexedAtMost = 200
)

// SearchInput asks for a page of the posts that contain a text.
type SearchInput struct {
	OwnerID   uuid.UUID
	Query     string
	PageSize  int    // 0 for DefaultPageSize
	PageToken string // "" for the first page
}

func (in SearchInput) query() queryHash { return hashQuery("search", in.OwnerID.String(), in.Query) }

// Validate lists every fault of the input.
func (in SearchInput) Validate() error {
	var faults fault.List
	if in.Query != "" && !text.Visible(in.Query) { // that there must be one, the proto file says
		faults.Add(fault.Field{Path: "query", Problem: "must hold something that a reader sees"})
	}
	if err := pageFaults(in.query(), in.PageSize, in.PageToken); err != nil {
		faults.Add(fault.Of(err).Fields...)
	}
	return faults.Err()
}

// Search returns the owner's posts whose content contains the query, newest first: whatever the case, the form of accents and the
// kind of blanks, see text.Fold, and whatever the database's locale.
//
// It looks at the newest posts one after the other, where a word that many posts have fills a page soon. What is left is rare,
// and the index names the posts that may contain it. Where it would name too many, because they contain the parts of the text but
// seldom the text, or because most of the owner's posts are not indexed yet, the search goes on one after the other, up to 2,000
// posts; the page may then hold less than was asked for, or nothing, and its token goes on from there. So no search costs more
// than that, however many posts there are and whatever is searched for.
func (s *Service) Search(ctx context.Context, in SearchInput) (Page, error) {
	if err := in.Validate(); err != nil {
		return Page{}, err
	}
	size, _ := pageSize(in.PageSize)
	after, _ := decodeToken(in.query(), in.PageToken, newestFirst)
	search := &search{Service: s, ownerID: in.OwnerID, query: in.Query, folded: text.Fold(in.Query), wanted: size + 1, after: after}
	if err := search.run(ctx); err != nil {
		return Page{}, err
	}
	page := cut(search.found, size, in.query(), createdKey)
	if page.NextPageToken == "" && !search.ended {
		page.NextPageToken = encodeToken(in.query(), search.after)
	}
	return page, nil
}

// search is one search under way.
type search struct {
	*Service
	ownerID       uuid.UUID
	query, folded string
	wanted        int32 // how many posts are still to be found

	found []Post // newest first
	after key    // all posts up to this one have been looked at
	ended bool   // there are none after it
}

func (s *search) run(ctx context.Context) error {
	for walks := 0; walks < walksAtMost && s.wanted > 0 && !s.ended; walks++ {
		if walks == 1 {
			if err := s.byIndex(ctx); err != nil || s.ended || s.wanted == 0 {
				return err
			}
		}
		if err := s.walk(ctx); err != nil {
			return err
		}
	}
	return nil
}

// walk looks at the next posts.
func (s *search) walk(ctx context.Context) error {
	found, err := FromRows(s.queries.PostSearchWalk(ctx, s.store, db.PostSearchWalkParams{
		OwnerID: s.ownerID, BeforeTime: s.after.at, BeforeID: s.after.id, Query: s.query, Folded: s.folded, PageSize: s.wanted,
	}))
	if err != nil {
		return err
	}
	s.take(found)
	if s.wanted == 0 {
		return nil
	}
	last, err := s.queries.PostSearchWalked(ctx, s.store, db.PostSearchWalkedParams{
		OwnerID: s.ownerID, BeforeTime: s.after.at, BeforeID: s.after.id,
	})
	if fault.Is(err, fault.NotFound) {
		s.ended = true
		return nil
	}
	s.after = key{at: last.CreatedAt, id: last.ID}
	return err
}

// byIndex looks at all posts that are left and may contain the text, unless they are too many. Some of those that are next tell
// whether they are, and by which parts of the text few are found.
func (s *search) byIndex(ctx context.Context) error {
	sample, err := s.queries.PostSearchSample(ctx, s.store, db.PostSearchSampleParams{
		OwnerID: s.ownerID, BeforeTime: s.after.at, BeforeID: s.after.id,
	})
	if err != nil {
		return err
	}
	pieces := piecesOf(s.ownerID, s.folded)
	if len(pieces) == 0 { // nothing of it is indexed
		return nil
	}
	grams, named := rarest(pieces, sample)
	if named*commonPart >= len(sample) && named > 0 {
		tooMany, err := s.queries.PostSearchBeyond(ctx, s.store, db.PostSearchBeyondParams{
			OwnerID: s.ownerID, BeforeTime: s.after.at, BeforeID: s.after.id, Posts: int64(candidatesAtMost * len(sample) / named),
		})
		if err != nil || tooMany {
			return err
		}
	}
	candidates, err := s.queries.PostSearchCandidates(ctx, s.store, db.PostSearchCandidatesParams{
		OwnerID: s.ownerID, Grams: grams, BeforeTime: s.after.at, BeforeID: s.after.id,
	})
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(candidates))
	unindexed := 0
	for i, c := range candidates {
		ids[i] = c.PostID
		if !c.Indexed {
			unindexed++
		}
	}
	if unindexed > unindexedAtMost {
		s.indexing.wish(s.ownerID)
	}
	if len(ids) > candidatesAtMost {
		return nil
	}
	for some := range slices.Chunk(ids, candidatesAtOnce) {
		if s.wanted == 0 {
			return nil
		}
		found, err := FromRows(s.queries.PostSearchAmong(ctx, s.store, db.PostSearchAmongParams{
			IDs: some, OwnerID: s.ownerID, Query: s.query, Folded: s.folded, PageSize: s.wanted,
		}))
		if err != nil {
			return err
		}
		s.take(found)
	}
	s.ended = true
	return nil
}

func (s *search) take(found []Post) {
	s.found = append(s.found, found...)
	s.wanted -= int32(len(found)) //nolint:gosec // the query returns that many at most
}
