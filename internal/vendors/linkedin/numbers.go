package linkedin

import (
	"context"
	"fmt"
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
		return 0, false, fault.Newf(fault.Precondition, "LinkedIn counts nothing for %s: only shares and ugcPosts have numbers.", post)
	}
	resp, err := c.api.GetMemberPostAnalytics(outbound.WithOperation(ctx, operation),
		&linkedin.GetMemberPostAnalyticsParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
		bearer(token), withQuery(fmt.Sprintf("q=entity&entity=%s&queryType=%s&aggregation=TOTAL", entity, metric)))
	found, err := answer.Decode[linkedin.MemberPostAnalytics](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return 0, false, err
	}
	for _, element := range found.Elements {
		if element.Count != nil {
			return *element.Count, true, nil
		}
	}
	return 0, false, nil
}

// SocialMetadata is how people answered a post.
type SocialMetadata struct {
	Comments  int64
	Reactions int64 // of all types together
}

// SocialMetadata asks for a post's comments and reactions. Of a member's post it needs the scope r_member_social_feed.
func (c *Client) SocialMetadata(ctx context.Context, token string, post URN) (SocialMetadata, error) {
	const operation = "getSocialMetadata"
	resp, err := c.api.GetSocialMetadata(outbound.WithOperation(ctx, operation), post.String(),
		&linkedin.GetSocialMetadataParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
		bearer(token), withLastSegment(post.encoded()))
	found, err := answer.Decode[linkedin.SocialMetadata](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return SocialMetadata{}, err
	}
	var m SocialMetadata
	if found.CommentSummary != nil {
		m.Comments = deref(found.CommentSummary.Count)
	}
	for _, summary := range found.ReactionSummaries {
		m.Reactions += deref(summary.Count)
	}
	return m, nil
}

// ShareStatistics are the numbers of one post of a page.
type ShareStatistics struct {
	Post                                 URN
	Impressions, Likes, Comments, Shares int64
}

// OrganizationShareStatistics asks for the numbers of a page's posts; those without activity are left out. Needs the
// scope rw_organization_admin and the role ADMINISTRATOR.
func (c *Client) OrganizationShareStatistics(ctx context.Context, token string, organization URN, posts []URN) ([]ShareStatistics, error) {
	const operation = "getOrganizationShareStatistics"
	query := "q=organizationalEntity&organizationalEntity=" + organization.encoded()
	for kind, parameter := range map[Kind]string{KindShare: "shares", KindUGCPost: "ugcPosts"} {
		var list []string
		for _, p := range posts {
			if p.Kind() == kind {
				list = append(list, p.encoded())
			}
		}
		if len(list) > 0 {
			query += "&" + parameter + "=List(" + strings.Join(list, ",") + ")"
		}
	}
	resp, err := c.api.GetOrganizationShareStatistics(outbound.WithOperation(ctx, operation),
		&linkedin.GetOrganizationShareStatisticsParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
		bearer(token), withQuery(query))
	found, err := answer.Decode[linkedin.ShareStatistics](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return nil, err
	}
	var all []ShareStatistics
	for _, element := range found.Elements {
		named := deref(element.Share)
		if named == "" {
			named = deref(element.UgcPost)
		}
		urn, err := ParseURN(named)
		if err != nil || element.TotalShareStatistics == nil {
			return nil, c.answer.Unusable(operation, fmt.Errorf("an element without post or numbers: %w", err))
		}
		t := element.TotalShareStatistics
		all = append(all, ShareStatistics{
			Post: urn, Impressions: deref(t.ImpressionCount), Likes: deref(t.LikeCount),
			Comments: deref(t.CommentCount), Shares: deref(t.ShareCount),
		})
	}
	return all, nil
}
