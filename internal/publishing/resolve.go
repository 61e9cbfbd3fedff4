package publishing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// ResolveInput says what a person saw on LinkedIn of a post in doubt.
type ResolveInput struct {
	OwnerID   uuid.UUID
	ID        uuid.UUID
	Published bool
	// URN is the post's, if it is there and its name at hand; "" otherwise.
	URN string
}

// Validate lists every fault of the input.
func (in ResolveInput) Validate() error {
	if in.URN == "" {
		return nil
	}
	if urn, err := linkedin.ParseURN(in.URN); err == nil && urn.NamesPost() {
		return nil
	}
	return fault.Fields(fault.Field{Path: "published.linkedinUrn", Problem: "must be a post's URN such as urn:li:share:123, or empty"})
}

// Resolve settles a post in doubt by what a person saw: it becomes published or failed. Nobody is notified: the person
// knows. A post that is not in doubt is a Precondition fault.
func (s *Service) Resolve(ctx context.Context, in ResolveInput) (posts.Post, error) {
	if err := in.Validate(); err != nil {
		return posts.Post{}, err
	}
	var post posts.Post
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		now := s.now()
		current, err := s.posts.GetForUpdate(ctx, tx, in.OwnerID, in.ID)
		if err != nil {
			return err
		}
		if err := decision.Resolvable(current.State); err != nil {
			return err
		}
		if err := s.notAnothers(ctx, tx, in); err != nil {
			return err
		}
		said := decision.Said(in.Published, in.URN)
		if err := s.settleDoubts(ctx, tx, current, said.State(), said.By, now); err != nil {
			return err
		}
		post, err = posts.FromRow(s.queries.PostSettle(ctx, tx, settleParams(current, said, now)))
		return err
	})
	return post, err
}

// notAnothers refuses a name that is another post's.
func (s *Service) notAnothers(ctx context.Context, tx *postgres.Tx, in ResolveInput) error {
	if in.URN == "" {
		return nil
	}
	others, err := s.namesOfOthers(ctx, tx, in.ID, in.URN)
	if err != nil {
		return err
	}
	other, known := others[in.URN]
	switch {
	case !known:
		return nil
	case other.OwnerID == in.OwnerID:
		return fault.Fields(
			fault.Field{Path: "published.linkedinUrn", Problem: fmt.Sprintf("is the name of the post %s; each post on LinkedIn has its own", other.ID)},
		)
	}
	return fault.Fields(fault.Field{Path: "published.linkedinUrn", Problem: "is the name of another post; each post on LinkedIn has its own"})
}
