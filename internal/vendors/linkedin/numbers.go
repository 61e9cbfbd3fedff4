package linkedin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Metric is a number that LinkedIn counts of a member's post.
type Metric string

// The metrics of a member's post (post-statistics).
const (
	MetricImpression Metric = "IMPRESSION"
	MetricReaction   Metric = "REACTION"
	MetricComment    Metric = "COMMENT"
	MetricReshare    Metric = "RESHARE"
)

// PostAnalytics asks for one number of a member's post, which must be a share or a ugcPost. known is false when LinkedIn
// has none yet, which it does not say is zero. Needs the scope r_member_postAnalytics.
func (c *Client) PostAnalytics(ctx context.Context, token string, post URN, metric Metric) (count int64, known bool, err error) {
	const operation = "getMemberPostAnalytics"
	entity := ""
	switch post.Kind() {
	case KindShare:
		entity = "(share:" + post.encoded() + ")"
	case KindUGCPost:
		entity = "(ugc:" + post.encoded() + ")"
	default:
		return 0, false, uncounted(post)
	}
	resp, err := c.api.GetMemberPostAnalytics(outbound.WithOperation(ctx, operation),
		&linkedin.GetMemberPostAnalyticsParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
		bearer(token), withQuery(fmt.Sprintf("q=entity&entity=%s&queryType=%s&aggregation=TOTAL", entity, metric)))
	found, err := answer.Decode[linkedin.MemberPostAnalytics](c.answer, operation, http.StatusOK, resp, err, "elements")
	if err != nil {
		return 0, false, err
	}
	switch {
	case len(found.Elements) == 0:
		return 0, false, nil
	case len(found.Elements) > 1 || counted(found.Elements[0].Count) == nil:
		return 0, false, c.answer.Unusable(operation, resp, errors.New("not one count for one post and one metric"))
	}
	return *found.Elements[0].Count, true, nil
}

// counted is a number of what people did, nil where LinkedIn gave none or one that nobody can have counted.
func counted(count *int64) *int64 {
	if count == nil || *count < 0 {
		return nil
	}
	return count
}

// SocialMetadata is how people answered a post. What LinkedIn did not say, or not so that it can be read, is nil.
type SocialMetadata struct {
	Comments  *int64
	Reactions *int64 // of all types together
}

// SocialMetadata asks for a post's comments and reactions. Of a member's post it needs the scope r_member_social_feed.
func (c *Client) SocialMetadata(ctx context.Context, token string, post URN) (SocialMetadata, error) {
	if err := named(post); err != nil {
		return SocialMetadata{}, err
	}
	const operation = "getSocialMetadata"
	resp, err := c.api.GetSocialMetadata(outbound.WithOperation(ctx, operation), post.String(),
		&linkedin.GetSocialMetadataParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
		bearer(token), withLastSegment(post.encoded()))
	found, err := answer.Decode[linkedin.SocialMetadata](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return SocialMetadata{}, err
	}
	m := SocialMetadata{Reactions: reactions(found.ReactionSummaries)}
	if found.CommentSummary != nil {
		m.Comments = counted(found.CommentSummary.Count)
	}
	if m.Comments == nil && m.Reactions == nil {
		return SocialMetadata{}, c.answer.Unusable(operation, resp, errors.New("the answer has neither commentSummary.count nor reactionSummaries"))
	}
	return m, nil
}

// reactions are those of all types together, nil unless each was told: a sum without one of them would be a wrong number. None
// are an empty object. Nobody has shown that LinkedIn leaves the member out instead, so then they are not known.
func reactions(summaries map[string]linkedin.ReactionSummary) *int64 {
	if summaries == nil {
		return nil
	}
	var sum int64
	for _, summary := range summaries {
		count := counted(summary.Count)
		if count == nil || sum > math.MaxInt64-*count {
			return nil
		}
		sum += *count
	}
	return &sum
}

// ShareStatistics are the numbers of one post of a page. One that LinkedIn did not say, or not so that it can be read, is nil.
type ShareStatistics struct {
	Post                                 URN
	Impressions, Likes, Comments, Shares *int64
}

// OrganizationShareStatistics asks for the numbers of a page's posts, which must be shares or ugcPosts; those without
// activity are left out. complete is false when others may have been left out too: the list goes on, or it can't be read whose
// numbers they are. Numbers can be negative (share-statistics). Needs the scope rw_organization_admin and the role ADMINISTRATOR.
func (c *Client) OrganizationShareStatistics(
	ctx context.Context,
	token string,
	organization URN,
	posts []URN,
) (found []ShareStatistics, complete bool, err error) {
	const operation = "getOrganizationShareStatistics"
	lists := map[Kind][]string{}
	for _, post := range posts {
		if post.Kind() != KindShare && post.Kind() != KindUGCPost {
			return nil, false, uncounted(post)
		}
		lists[post.Kind()] = append(lists[post.Kind()], post.encoded())
	}
	if len(lists) == 0 { // asked for none, LinkedIn would answer with those of the page as a whole
		return nil, true, nil
	}
	query := "q=organizationalEntity&organizationalEntity=" + organization.encoded()
	if shares := lists[KindShare]; shares != nil {
		query += "&shares=List(" + strings.Join(shares, ",") + ")"
	}
	if ugcPosts := lists[KindUGCPost]; ugcPosts != nil {
		query += "&ugcPosts=List(" + strings.Join(ugcPosts, ",") + ")"
	}
	resp, err := c.api.GetOrganizationShareStatistics(outbound.WithOperation(ctx, operation),
		&linkedin.GetOrganizationShareStatisticsParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
		bearer(token), withQuery(query))
	list, unreadable, err := answer.DecodeReadable[linkedin.ShareStatistics](c.answer, operation, http.StatusOK, resp, err, listed...)
	if err != nil {
		return nil, false, err
	}
	if list.Elements == nil { // an empty list says that no post had activity; no list says nothing
		return nil, false, c.answer.Unusable(operation, resp, errors.New("the answer lacks elements"))
	}
	const full = math.MaxInt // a page is only full if the answer says how many it holds
	complete = nextPage(list.Paging, unreadable == "", 0, len(list.Elements), full) == noMore
	for _, element := range list.Elements {
		urn, err := ParseURN(cmp.Or(deref(element.Share), deref(element.UgcPost)))
		if err != nil {
			complete = false
			continue
		}
		t := cmp.Or(element.TotalShareStatistics, &linkedin.TotalShareStatistics{})
		found = append(found, ShareStatistics{
			Post: urn, Impressions: t.ImpressionCount, Likes: t.LikeCount, Comments: t.CommentCount, Shares: t.ShareCount,
		})
	}
	return found, complete, nil
}

// uncounted is the fault of asking for the numbers of what LinkedIn does not count.
func uncounted(post URN) error {
	return fault.Newf(fault.Precondition, "LinkedIn counts nothing for %s: only shares and ugcPosts have numbers.", post)
}
