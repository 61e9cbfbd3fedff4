package linkedin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Post is a post as LinkedIn has it. A time is zero when LinkedIn does not say it.
type Post struct {
	URN            URN
	Author         URN
	Text           string // plain text
	Visibility     string
	LifecycleState string
	CreatedAt      time.Time
	PublishedAt    time.Time
	LastModifiedAt time.Time
}

// LifecyclePublished is the LifecycleState of a post that people can see.
const LifecyclePublished = "PUBLISHED"

// GetPost reads a post. A self-serve token may not.
func (c *Client) GetPost(ctx context.Context, token string, post URN) (Post, error) {
	if err := named(post); err != nil {
		return Post{}, err
	}
	const operation = "getPost"
	resp, err := c.api.GetPost(outbound.WithOperation(ctx, operation), post.String(),
		&linkedin.GetPostParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
		bearer(token), withLastSegment(post.encoded()))
	found, err := answer.Decode[linkedin.Post](c.answer, operation, http.StatusOK, resp, err, "id", "author")
	if err != nil {
		return Post{}, err
	}
	p, err := readPost(found)
	if err != nil {
		return Post{}, c.answer.Unusable(operation, resp, err)
	}
	return p, nil
}

// maxPostsAPage is the most that LinkedIn gives of an author's posts in one answer.
const maxPostsAPage = 100

// PostsByAuthor asks for the posts of a member or a page that were modified last, at most count of them (1 to 100), the
// newest first: LinkedIn's order, which is taken at its word. Those that were deleted are missing. complete is true when
// these are all, as far as the answer tells: fewer than asked for, and no word of more, nor one that can't be read. How soon
// LinkedIn lists a new post is not documented.
//
// Whoever concludes from the list that a post is not there needs all of it, so an element that can't be read, one
// without a text or of another author included, makes the whole answer unusable.
//
// A member's own posts need the scope r_member_social; those of a page r_organization_social and a role there. A
// self-serve token has neither.
func (c *Client) PostsByAuthor(ctx context.Context, token string, author URN, count int) (posts []Post, complete bool, err error) {
	var faults []fault.Field
	if k := author.Kind(); k != KindPerson && k != KindOrganization {
		faults = append(faults, fault.Field{Path: "author", Problem: "must be a person or an organization"})
	}
	if count < 1 || count > maxPostsAPage {
		faults = append(faults, fault.Field{Path: "count", Problem: fmt.Sprintf("must be 1 to %d", maxPostsAPage)})
	}
	if err := fault.Fields(faults...); err != nil {
		return nil, false, err
	}
	const operation = "findPostsByAuthor"
	method := "FINDER"
	resp, err := c.api.FindPostsByAuthor(outbound.WithOperation(ctx, operation),
		&linkedin.FindPostsByAuthorParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion, XRestLiMethod: &method},
		bearer(token), withQuery(fmt.Sprintf("author=%s&q=author&count=%d&start=0&sortBy=LAST_MODIFIED", author.encoded(), count)))
	found, unreadable, err := answer.DecodeReadable[linkedin.Posts](c.answer, operation, http.StatusOK, resp, err, listed...)
	if err != nil {
		return nil, false, err
	}
	if found.Elements == nil { // an empty list says that there are none; no list says nothing
		return nil, false, c.answer.Unusable(operation, resp, errors.New("the answer lacks elements"))
	}
	for i, element := range found.Elements {
		p, err := readPost(element)
		switch {
		case err != nil:
		case p.Author != author:
			err = fmt.Errorf("it is by %s", p.Author)
		case element.Commentary == nil:
			err = errors.New("it lacks a commentary")
		}
		if err != nil {
			return nil, false, c.answer.Unusable(operation, resp, fmt.Errorf("element %d of %d: %w", i+1, len(found.Elements), err))
		}
		posts = append(posts, p)
	}
	return posts, nextPage(found.Paging, unreadable == "", 0, len(posts), count) == noMore, nil
}

// readPost reads a post of which everything but its URN and its author may be missing.
func readPost(found linkedin.Post) (Post, error) {
	urn, urnErr := ParseURN(deref(found.Id))
	author, authorErr := ParseURN(deref(found.Author))
	if urnErr == nil && !urn.NamesPost() {
		urnErr = fmt.Errorf("%s names no post", urn)
	}
	if err := errors.Join(urnErr, authorErr); err != nil {
		return Post{}, err
	}
	return Post{
		URN: urn, Author: author, Text: plain(deref(found.Commentary)),
		Visibility: deref(found.Visibility), LifecycleState: deref(found.LifecycleState),
		CreatedAt: at(found.CreatedAt), PublishedAt: at(found.PublishedAt), LastModifiedAt: at(found.LastModifiedAt),
	}, nil
}

// The years that a time of a post can be in: LinkedIn began in 2003.
var (
	earliest = time.Date(2003, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// at reads LinkedIn's milliseconds since 1970; the zero time when there are none. A number that can't be meant so, such as of
// seconds, says nothing: taken for a time, it would make a post of today one of long ago.
func at(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	if read := time.UnixMilli(*ms); read.After(earliest) && read.Before(latest) {
		return read
	}
	return time.Time{}
}
