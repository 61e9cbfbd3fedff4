package sandbox

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/postwright/postwright/gen/linkedin"
)

// checkReader refuses a look at posts that the token may not read, the way a self-serve token is refused.
func checkReader(req request, author string) error {
	return req.allow(author, "r_member_social", "r_organization_social", missingScope(req.op, req.version))
}

// GetPost implements GET /rest/posts/{urn}.
func (s linkedInServer) GetPost(ctx context.Context, r linkedin.GetPostRequestObject) (linkedin.GetPostResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.published(r.Urn)
	if !there {
		return nil, notFound
	}
	if err := checkReader(requestOf(ctx), e.Author); err != nil {
		return nil, err
	}
	return linkedin.GetPost200JSONResponse(asPost(s.listed(*e))), nil
}

// FindPostsByAuthor implements the finder "author", whose order is the newest modified first.
func (s linkedInServer) FindPostsByAuthor(
	ctx context.Context,
	r linkedin.FindPostsByAuthorRequestObject,
) (linkedin.FindPostsByAuthorResponseObject, error) {
	switch method, order := r.Params.XRestLiMethod, r.Params.SortBy; {
	case method != nil && *method != "FINDER":
		return nil, refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "X-RestLi-Method must be FINDER")
	case r.Params.Q != "author", order != nil && *order != "LAST_MODIFIED":
		return nil, invalidParam
	}
	req := requestOf(ctx)
	if err := checkReader(req, r.Params.Author); err != nil {
		return nil, err
	}
	posts := []linkedin.Post{}
	ledger := s.Ledger()
	s.mu.Lock()
	for _, e := range slices.Backward(ledger) { // so that of two modified at once, the later one comes first
		if e.Author == r.Params.Author && !e.Deleted {
			posts = append(posts, asPost(s.listed(e)))
		}
	}
	s.mu.Unlock()
	slices.SortStableFunc(posts, func(a, b linkedin.Post) int { return cmp.Compare(*b.LastModifiedAt, *a.LastModifiedAt) })
	page, paging, err := pageOf(posts, req.url, r.Params.Start, r.Params.Count)
	if err != nil {
		return nil, err
	}
	return linkedin.FindPostsByAuthor200JSONResponse{Elements: page, Paging: paging}, nil
}

// listed is a create as LinkedIn keeps it. The caller holds the lock.
func (s linkedInServer) listed(e Entry) Entry {
	if s.listAs == nil {
		return e
	}
	return s.listAs(e)
}

// asPost is a create as LinkedIn returns it.
func asPost(e Entry) linkedin.Post {
	at, edited, state := e.Time.UnixMilli(), e.Edited.UnixMilli(), cmp.Or(e.LifecycleState, "PUBLISHED")
	return linkedin.Post{
		Id: &e.URN, Author: &e.Author, Commentary: &e.Commentary, Visibility: &e.Visibility, LifecycleState: &state,
		CreatedAt: &at, PublishedAt: &at, LastModifiedAt: &edited,
	}
}
