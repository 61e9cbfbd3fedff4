package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/postwright/postwright/gen/linkedin"
)

// linkedInServer serves LinkedIn's operations; the gate has admitted the request.
type linkedInServer struct{ *Sandbox }

var _ linkedin.StrictServerInterface = linkedInServer{}

// CreatePost implements POST /rest/posts.
func (s linkedInServer) CreatePost(ctx context.Context, _ linkedin.CreatePostRequestObject) (linkedin.CreatePostResponseObject, error) {
	req := requestOf(ctx)
	var body linkedin.NewPost
	if err := decodeStrictly(req.raw, &body); err != nil {
		return nil, err
	}
	if err := s.checkAuthor(req, body.Author); err != nil {
		return nil, err
	}
	if body.LifecycleState != linkedin.PUBLISHED {
		return nil, refuseInput(400, "Invalid value for field", "INVALID_VALUE_FOR_FIELD", "lifecycleState must be PUBLISHED", 0)
	}
	if body.Visibility != linkedin.PUBLIC && body.Visibility != linkedin.CONNECTIONS {
		return nil, refuseInput(400, "Invalid value for field", "INVALID_VALUE_FOR_FIELD", "visibility is not one of LinkedIn's", 0)
	}
	e, err := s.accept(Entry{
		Operation: "createPost", Author: body.Author, Version: req.version, Visibility: string(body.Visibility),
		Sent: string(req.raw), Commentary: body.Commentary, Shown: shown(body.Commentary),
	})
	if err != nil {
		return nil, err
	}
	return linkedin.CreatePost201Response{Headers: linkedin.CreatePost201ResponseHeaders{XRestliId: &e.URN}}, nil
}

// CreateUgcPost implements POST /v2/ugcPosts, whose text is plain.
func (s linkedInServer) CreateUgcPost(ctx context.Context, _ linkedin.CreateUgcPostRequestObject) (linkedin.CreateUgcPostResponseObject, error) {
	req := requestOf(ctx)
	var body linkedin.NewUgcPost
	if err := decodeStrictly(req.raw, &body); err != nil {
		return nil, err
	}
	if err := s.checkAuthor(req, body.Author); err != nil {
		return nil, err
	}
	text := body.SpecificContent.ShareContent.ShareCommentary.Text
	e, err := s.accept(Entry{
		Operation: "createUgcPost", Author: body.Author, Visibility: string(body.Visibility.MemberNetworkVisibility),
		Sent: string(req.raw), Commentary: text, Shown: text,
	})
	if err != nil {
		return nil, err
	}
	return linkedin.CreateUgcPost201Response{Headers: linkedin.CreateUgcPost201ResponseHeaders{XRestliId: &e.URN}}, nil
}

// decodeStrictly reads a body as Rest.li does: null where a record is expected, and members that it does not know, are
// refused.
func decodeStrictly(raw []byte, into any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err == nil {
		for name, value := range members {
			if string(bytes.TrimSpace(value)) == "null" {
				return refuse(http.StatusForbidden, "ACCESS_DENIED",
					"Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [/"+name+"]")
			}
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax), errors.As(err, &wrongType):
		return refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "The request's body can't be read")
	}
	return refuse(http.StatusUnprocessableEntity, "UNRECOGNIZED_FIELD", "A field of the request's body: unrecognized field found but not allowed")
}

// checkAuthor refuses posts in another's name.
func (s *Sandbox) checkAuthor(req request, author string) error {
	page, isPage := strings.CutPrefix(author, "urn:li:organization:")
	switch {
	case author == "urn:li:person:"+req.member.ID && slices.Contains(req.scopes, "w_member_social"):
		return nil
	case isPage && slices.Contains(req.member.Organizations, page) && slices.Contains(req.scopes, "w_organization_social"):
		return nil
	case !isPage && !strings.HasPrefix(author, "urn:li:person:"):
		return refuse(http.StatusBadRequest, "INVALID_URN_TYPE", "author is not a person or an organization")
	}
	return refuse(http.StatusForbidden, "ACCESS_DENIED", "Not enough permissions to access: author "+author)
}

var notFound = refuse(http.StatusNotFound, "NOT_FOUND", "Not Found")

// GetPost implements GET /rest/posts/{urn}.
func (s linkedInServer) GetPost(_ context.Context, r linkedin.GetPostRequestObject) (linkedin.GetPostResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.find(r.Urn)
	if !there {
		return nil, notFound
	}
	at, state := e.Time.UnixMilli(), "PUBLISHED"
	return linkedin.GetPost200JSONResponse{
		Id: &e.URN, Author: &e.Author, Commentary: &e.Commentary, Visibility: &e.Visibility, LifecycleState: &state,
		CreatedAt: &at, PublishedAt: &at, LastModifiedAt: &at,
	}, nil
}

// UpdatePost implements the partial update of a post: only its commentary can change.
func (s linkedInServer) UpdatePost(ctx context.Context, r linkedin.UpdatePostRequestObject) (linkedin.UpdatePostResponseObject, error) {
	if r.Params.XRestLiMethod == nil || *r.Params.XRestLiMethod != "PARTIAL_UPDATE" {
		return nil, refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "X-RestLi-Method must be PARTIAL_UPDATE")
	}
	var body linkedin.PostPatch
	if err := decodeStrictly(requestOf(ctx).raw, &body); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.find(r.Urn)
	if !there {
		return nil, notFound
	}
	if err := s.checkAuthor(requestOf(ctx), e.Author); err != nil {
		return nil, err
	}
	e.Commentary, e.Shown = body.Patch.Set.Commentary, shown(body.Patch.Set.Commentary)
	return linkedin.UpdatePost204Response{}, nil
}

// DeletePost implements DELETE /rest/posts/{urn}; deleting twice is no error.
func (s linkedInServer) DeletePost(ctx context.Context, r linkedin.DeletePostRequestObject) (linkedin.DeletePostResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.byURN[r.Urn]
	if !there {
		return linkedin.DeletePost204Response{}, nil
	}
	if err := s.checkAuthor(requestOf(ctx), e.Author); err != nil {
		return nil, err
	}
	e.Deleted = true
	return linkedin.DeletePost204Response{}, nil
}

// GetUserInfo implements OpenID Connect's userinfo.
func (s linkedInServer) GetUserInfo(ctx context.Context, _ linkedin.GetUserInfoRequestObject) (linkedin.GetUserInfoResponseObject, error) {
	req := requestOf(ctx)
	m := req.member
	name := strings.TrimSpace(m.GivenName + " " + m.FamilyName)
	var locale any = map[string]string{"country": "US", "language": "en"}
	info := linkedin.GetUserInfo200JSONResponse{Sub: &m.ID, Name: &name, GivenName: &m.GivenName, FamilyName: &m.FamilyName, Locale: locale}
	if slices.Contains(req.scopes, "email") && m.Email != "" {
		verified := true
		info.Email, info.EmailVerified = &m.Email, &verified
	}
	return info, nil
}

// GetPerson implements GET /v2/people/(id:…).
func (s linkedInServer) GetPerson(_ context.Context, r linkedin.GetPersonRequestObject) (linkedin.GetPersonResponseObject, error) {
	id, isID := strings.CutPrefix(strings.TrimSuffix(r.Person, ")"), "(id:")
	if !isID || !strings.HasSuffix(r.Person, ")") {
		return nil, refuse(http.StatusBadRequest, "PARAM_INVALID", "Invalid param. Please see errorDetails for more information.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, there := s.members[id]
	if !there {
		return nil, notFound
	}
	return linkedin.GetPerson200JSONResponse{Id: &m.ID, LocalizedFirstName: &m.GivenName, LocalizedLastName: &m.FamilyName}, nil
}
