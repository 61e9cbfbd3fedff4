package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
	if err := decodeStrictly(req.raw, &body, "author", "commentary", "distribution", "lifecycleState", "visibility"); err != nil {
		return nil, err
	}
	if err := checkAuthor(req, body.Author); err != nil {
		return nil, err
	}
	if err := checkCreate(body.LifecycleState, body.Visibility); err != nil {
		return nil, err
	}
	e, err := s.accept(Entry{
		Operation: "createPost", RequestID: req.id, Author: body.Author, Version: req.version, Visibility: string(body.Visibility),
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
	if err := decodeStrictly(req.raw, &body, "author", "lifecycleState", "shareCommentary", "text", "visibility"); err != nil {
		return nil, err
	}
	if err := checkAuthor(req, body.Author); err != nil {
		return nil, err
	}
	if err := checkCreate(body.LifecycleState, body.Visibility.MemberNetworkVisibility); err != nil {
		return nil, err
	}
	text := body.SpecificContent.ShareContent.ShareCommentary.Text
	e, err := s.accept(Entry{
		Operation: "createUgcPost", RequestID: req.id, Author: body.Author, Visibility: string(body.Visibility.MemberNetworkVisibility),
		Sent: string(req.raw), Commentary: text, Shown: text,
	})
	if err != nil {
		return nil, err
	}
	return linkedin.CreateUgcPost201Response{Headers: linkedin.CreateUgcPost201ResponseHeaders{XRestliId: &e.URN}}, nil
}

// checkCreate refuses what can't be created: another state than published, an audience that there is not.
func checkCreate(state linkedin.LifecycleState, visibility linkedin.Visibility) error {
	switch {
	case state != linkedin.PUBLISHED:
		return refuseInput(http.StatusBadRequest, "Invalid value for field", "INVALID_VALUE_FOR_FIELD", "lifecycleState must be PUBLISHED")
	case visibility != linkedin.PUBLIC && visibility != linkedin.CONNECTIONS:
		return refuseInput(http.StatusBadRequest, "Invalid value for field", "INVALID_VALUE_FOR_FIELD", "visibility must be PUBLIC or CONNECTIONS")
	}
	return nil
}

// decodeStrictly reads a body as Rest.li does: null, members that it does not know, and missing ones are refused. The
// generated server has read the body before, so it is JSON of the right types.
func decodeStrictly(raw []byte, into any, required ...string) error {
	var body any
	if err := json.Unmarshal(raw, &body); err != nil {
		return refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "The request's body can't be read")
	}
	if path, found := find(body, func(_ string, value any) bool { return value == nil }); found {
		return unpermitted("REQUEST_BODY", path)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		unknown, _ := strings.CutPrefix(err.Error(), "json: unknown field ")
		path, _ := find(body, func(name string, _ any) bool { return strconv.Quote(name) == unknown })
		return refuse(http.StatusUnprocessableEntity, "UNRECOGNIZED_FIELD", "ERROR :: "+path+" :: unrecognized field found but not allowed")
	}
	for _, name := range required {
		if _, there := find(body, func(n string, _ any) bool { return n == name }); !there {
			return refuse(http.StatusBadRequest, "MISSING_FIELD", "ERROR :: /"+name+" :: field is required but not found")
		}
	}
	return nil
}

// find returns the path of the first member, by name, that matches, however deep it lies.
func find(value any, match func(name string, value any) bool) (path string, found bool) {
	record, _ := value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(record)) {
		if match(name, record[name]) {
			return "/" + name, true
		}
		if below, found := find(record[name], match); found {
			return "/" + name + below, true
		}
	}
	return "", false
}

// checkAuthor refuses posts in another's name.
func checkAuthor(req request, author string) error {
	return req.allow(author, "w_member_social", "w_organization_social", deny("Not enough permissions to access: author "+author))
}

// allow returns denied unless the author is the token's member, or a page for which they post, and the token has the scope
// for it.
func (r request) allow(author, memberScope, pageScope string, denied *refusal) error {
	page, isPage := strings.CutPrefix(author, "urn:li:organization:")
	switch {
	case author == "urn:li:person:"+r.member.ID && slices.Contains(r.scopes, memberScope):
		return nil
	case isPage && slices.Contains(slices.Concat(r.member.Organizations, r.member.ContentOrganizations), page) && slices.Contains(r.scopes, pageScope):
		return nil
	case !isPage && !strings.HasPrefix(author, "urn:li:person:"):
		return refuse(http.StatusBadRequest, "INVALID_URN_TYPE", "author is not a person or an organization")
	}
	return denied
}

// fixedFields are those of a post that no update can change.
var fixedFields = []string{"author", "content", "distribution", "isReshareDisabledByAuthor", "visibility"}

// UpdatePost implements the partial update of a post: only its commentary can change.
func (s linkedInServer) UpdatePost(ctx context.Context, r linkedin.UpdatePostRequestObject) (linkedin.UpdatePostResponseObject, error) {
	if r.Params.XRestLiMethod == nil || *r.Params.XRestLiMethod != "PARTIAL_UPDATE" {
		return nil, refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "X-RestLi-Method must be PARTIAL_UPDATE")
	}
	raw := requestOf(ctx).raw
	var sent any
	if err := json.Unmarshal(raw, &sent); err == nil {
		if path, fixed := find(sent, func(name string, _ any) bool { return slices.Contains(fixedFields, name) }); fixed {
			return nil, unpermitted("REQUEST_BODY", path)
		}
	}
	var body linkedin.PostPatch
	if err := decodeStrictly(raw, &body, "commentary"); err != nil {
		return nil, err
	}
	text := shown(body.Patch.Set.Commentary)
	if err := checkLength(text); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.published(r.Urn)
	if !there {
		return nil, notFound
	}
	if err := checkAuthor(requestOf(ctx), e.Author); err != nil {
		return nil, err
	}
	e.Commentary, e.Shown, e.Edited = body.Patch.Set.Commentary, text, s.opts.Clock()
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
	if err := checkAuthor(requestOf(ctx), e.Author); err != nil {
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

// GetMe implements GET /v2/me.
func (s linkedInServer) GetMe(ctx context.Context, _ linkedin.GetMeRequestObject) (linkedin.GetMeResponseObject, error) {
	m := requestOf(ctx).member
	return linkedin.GetMe200JSONResponse{Id: &m.ID, LocalizedFirstName: &m.GivenName, LocalizedLastName: &m.FamilyName}, nil
}

// GetPerson implements GET /v2/people/(id:…).
func (s linkedInServer) GetPerson(_ context.Context, r linkedin.GetPersonRequestObject) (linkedin.GetPersonResponseObject, error) {
	id, isID := strings.CutPrefix(strings.TrimSuffix(r.Person, ")"), "(id:")
	if !isID || !strings.HasSuffix(r.Person, ")") {
		return nil, invalidParam
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, there := s.members[id]
	if !there {
		return nil, notFound
	}
	return linkedin.GetPerson200JSONResponse{Id: &m.ID, LocalizedFirstName: &m.GivenName, LocalizedLastName: &m.FamilyName}, nil
}
