package linkedin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Visibility is who may see a post.
type Visibility = linkedin.Visibility

// The visibilities of a post.
const (
	VisibilityPublic      = linkedin.PUBLIC
	VisibilityConnections = linkedin.CONNECTIONS
)

// NewPost is a post to create.
type NewPost struct {
	Author     URN    // a person or an organization
	Text       string // plain text, as people will read it
	Visibility Visibility
}

// Created is LinkedIn's answer to a create that it accepted.
type Created struct {
	URN     URN    // zero when LinkedIn did not say, or not readably: the post is there all the same
	Status  int    // 201
	TraceID string // LinkedIn's trace id
}

// faults lists what is wrong with a post whatever LinkedIn thinks of it.
func (p NewPost) faults() []fault.Field {
	var faults []fault.Field
	if k := p.Author.Kind(); k != KindPerson && k != KindOrganization {
		faults = append(faults, fault.Field{Path: "author", Problem: "must be a person or an organization"})
	}
	if !p.Visibility.Valid() {
		faults = append(faults, fault.Field{Path: "visibility", Problem: "must be PUBLIC or CONNECTIONS"})
	}
	return append(faults, textFaults(p.Text)...)
}

// textFaults refuses what JSON can't carry unchanged.
func textFaults(text string) []fault.Field {
	if !utf8.ValidString(text) {
		return []fault.Field{{Path: "text", Problem: "must be valid UTF-8"}}
	}
	return nil
}

// CreatePost creates a post. It must not be called twice for the same approval: LinkedIn has no idempotency key. A fault
// with Doubt set means that the post may be there.
func (c *Client) CreatePost(ctx context.Context, token string, p NewPost) (Created, error) {
	if err := fault.Fields(p.faults()...); err != nil {
		return Created{}, err
	}
	if c.cfg.Legacy {
		return c.createUGCPost(ctx, token, p)
	}
	const operation = "createPost"
	resp, err := c.api.CreatePost(outbound.WithOperation(ctx, operation),
		&linkedin.CreatePostParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion}, postBody(p), bearer(token))
	return c.created(operation, p.Text, resp, err)
}

// CreateBody is the very body that CreatePost would send, for people to look at; nothing is sent.
func (c *Client) CreateBody(p NewPost) ([]byte, error) {
	if err := fault.Fields(p.faults()...); err != nil {
		return nil, err
	}
	if c.cfg.Legacy {
		return json.Marshal(ugcPostBody(p))
	}
	return json.Marshal(postBody(p))
}

func postBody(p NewPost) linkedin.NewPost {
	return linkedin.NewPost{
		Author:     p.Author.String(),
		Commentary: escape(p.Text), // once, here at the wire; UpdatePost has the only other
		Visibility: p.Visibility,
		Distribution: linkedin.Distribution{
			FeedDistribution: linkedin.DistributionFeedDistributionMAINFEED, TargetEntities: []string{}, ThirdPartyDistributionChannels: []string{},
		},
		LifecycleState: linkedin.PUBLISHED,
	}
}

// ugcPostBody is that of the legacy path, whose text is plain.
func ugcPostBody(p NewPost) linkedin.NewUgcPost {
	body := linkedin.NewUgcPost{Author: p.Author.String(), LifecycleState: linkedin.PUBLISHED}
	body.SpecificContent.ShareContent.ShareCommentary.Text = p.Text
	body.SpecificContent.ShareContent.ShareMediaCategory = linkedin.NewUgcPostSpecificContentComLinkedinUgcShareContentShareMediaCategoryNONE
	body.Visibility.MemberNetworkVisibility = p.Visibility
	return body
}

// createUGCPost takes the legacy path.
func (c *Client) createUGCPost(ctx context.Context, token string, p NewPost) (Created, error) {
	const operation = "createUgcPost"
	resp, err := c.api.CreateUgcPost(outbound.WithOperation(ctx, operation),
		&linkedin.CreateUgcPostParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion}, ugcPostBody(p), bearer(token))
	return c.created(operation, p.Text, resp, err)
}

// named refuses the URN of nothing, with which a path would name all posts.
func named(post URN) error {
	if post.IsZero() {
		return fault.New(fault.Precondition, "LinkedIn did not say which URN the post has, so it can't be asked about it.").WithReason("URN_UNKNOWN")
	}
	return nil
}

// answerToCreate reads the answers to a create of a post with this text. LinkedIn's 409, a "write conflict", is not proven to
// mean that nothing was created (linkedin-facts, 5.2), unless it is about a duplicate.
func (c *Client) answerToCreate(text string) answer.Reader {
	reader := c.answer
	reader.Refine = func(f *fault.Error, body []byte) {
		c.refine(f, body, text)
		if f.Answer.Status == http.StatusConflict && f.Reason != ReasonDuplicatePost {
			f.Doubt = true
			f.Message = "LinkedIn says that the post is in conflict with another write, and not whether it was created."
		}
	}
	return reader
}

// created reads the answer to a create. With a 201 the post is there, whatever the body or the headers look like.
func (c *Client) created(operation, text string, resp *http.Response, err error) (Created, error) {
	body, err := c.answerToCreate(text).Expect(operation, http.StatusCreated, resp, err)
	if err != nil {
		return Created{}, err
	}
	return Created{URN: createdURN(resp.Header, body), Status: resp.StatusCode, TraceID: traceID(resp.Header)}, nil
}

// createdURN is the name of a post that was created, the zero URN where none can be read: what names something else, such as its
// author, is not taken for it. LinkedIn gives it in x-restli-id; the legacy path gives it to some callers in the body only. The
// other headers are those in which Rest.li names what it created, by its first protocol and by HTTP.
func createdURN(header http.Header, body []byte) URN {
	var named struct {
		ID string `json:"id"`
	}
	answer.Lenient(body, &named)
	location := header.Get("Location")
	for _, name := range []string{
		header.Get("x-restli-id"), header.Get("x-linkedin-id"),
		location[strings.LastIndexByte(location, '/')+1:], named.ID,
	} {
		if unescaped, err := url.PathUnescape(name); err == nil {
			if urn, err := ParseURN(unescaped); err == nil && urn.NamesPost() {
				return urn
			}
		}
	}
	return URN{}
}

// UpdatePost replaces a post's text.
func (c *Client) UpdatePost(ctx context.Context, token string, post URN, text string) error {
	if err := fault.Fields(textFaults(text)...); err != nil {
		return err
	}
	if err := named(post); err != nil {
		return err
	}
	const operation = "updatePost"
	method := "PARTIAL_UPDATE"
	body := linkedin.PostPatch{}
	body.Patch.Set.Commentary = escape(text)
	resp, err := c.api.UpdatePost(outbound.WithOperation(ctx, operation), post.String(),
		&linkedin.UpdatePostParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion, XRestLiMethod: &method},
		body, bearer(token), withLastSegment(post.encoded()))
	_, err = c.answer.Expect(operation, http.StatusNoContent, resp, err)
	return err
}

// DeletePost deletes a post; one that is gone already is no error.
func (c *Client) DeletePost(ctx context.Context, token string, post URN) error {
	if err := named(post); err != nil {
		return err
	}
	const operation = "deletePost"
	method := "DELETE"
	resp, err := c.api.DeletePost(outbound.WithOperation(ctx, operation), post.String(),
		&linkedin.DeletePostParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion, XRestLiMethod: &method},
		bearer(token), withLastSegment(post.encoded()))
	_, err = c.answer.Expect(operation, http.StatusNoContent, resp, err)
	return err
}
