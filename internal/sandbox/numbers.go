package sandbox

import (
	"context"
	"hash/fnv"
	"regexp"
	"slices"

	"github.com/postwright/postwright/gen/linkedin"
)

// numbers are how people received a post. They are invented: functions of the post's URN and of its age, so that they
// repeat and grow.
type numbers struct{ impressions, reached, reactions, comments, reshares int64 }

// invent makes up the numbers of a post that is there.
func (s *Sandbox) invent(e *Entry) numbers {
	h := fnv.New32a()
	_, _ = h.Write([]byte(e.URN)) // a hash never fails
	liking := int64(h.Sum32() % 7)
	minutes := max(0, int64(s.opts.Clock().Sub(e.Time).Minutes()))
	impressions := 25 + 10*liking + minutes*(1+liking)
	return numbers{
		impressions: impressions,
		reached:     impressions * 4 / 5,
		reactions:   impressions / 12,
		comments:    impressions / 60,
		reshares:    impressions / 110,
	}
}

var entityForm = regexp.MustCompile(`^\((?:share:(urn:li:share:[0-9]+)|ugc:(urn:li:ugcPost:[0-9]+))\)$`)

// GetMemberPostAnalytics implements the finder "entity": one number of one post.
func (s linkedInServer) GetMemberPostAnalytics(
	ctx context.Context,
	r linkedin.GetMemberPostAnalyticsRequestObject,
) (linkedin.GetMemberPostAnalyticsResponseObject, error) {
	entity := entityForm.FindStringSubmatch(r.Params.Entity)
	if entity == nil || r.Params.Q != "entity" || r.Params.Aggregation != "TOTAL" {
		return nil, invalidParam
	}
	req := requestOf(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.published(entity[1] + entity[2])
	if !there || e.Author != "urn:li:person:"+req.member.ID {
		return nil, notFound
	}
	n := s.invent(e)
	count, known := map[string]int64{
		"IMPRESSION": n.impressions, "MEMBERS_REACHED": n.reached, "REACTION": n.reactions, "COMMENT": n.comments, "RESHARE": n.reshares,
	}[r.Params.QueryType]
	if !known {
		return nil, invalidParam
	}
	var metric any = r.Params.QueryType
	if req.version < plainMetricType {
		metric = map[string]string{"com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1": r.Params.QueryType}
	}
	return linkedin.GetMemberPostAnalytics200JSONResponse{
		Elements: []linkedin.MemberPostNumber{{Count: &count, MetricType: &metric}},
	}, nil
}

// GetSocialMetadata implements GET /rest/socialMetadata/{urn}.
func (s linkedInServer) GetSocialMetadata(
	_ context.Context,
	r linkedin.GetSocialMetadataRequestObject,
) (linkedin.GetSocialMetadataResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.published(r.Urn)
	if !there {
		return nil, notFound
	}
	n := s.invent(e)
	open := "OPEN"
	return linkedin.GetSocialMetadata200JSONResponse{
		CommentsState:     &open,
		CommentSummary:    &linkedin.CommentSummary{Count: &n.comments, TopLevelCount: &n.comments},
		ReactionSummaries: map[string]linkedin.ReactionSummary{"LIKE": {Count: &n.reactions}},
	}, nil
}

var listedURN = regexp.MustCompile(`urn:li:(?:share|ugcPost):[0-9]+`)

// GetOrganizationShareStatistics implements the numbers of a page's posts.
func (s linkedInServer) GetOrganizationShareStatistics(
	ctx context.Context, r linkedin.GetOrganizationShareStatisticsRequestObject,
) (linkedin.GetOrganizationShareStatisticsResponseObject, error) {
	req := requestOf(ctx)
	page := r.Params.OrganizationalEntity
	if !slices.ContainsFunc(req.member.Organizations, func(id string) bool { return page == "urn:li:organization:"+id }) {
		return nil, deny("Viewer doesn't have the role ADMINISTRATOR of the organization")
	}
	named := ""
	if r.Params.Shares != nil {
		named += *r.Params.Shares
	}
	if r.Params.UgcPosts != nil {
		named += *r.Params.UgcPosts
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	elements := []linkedin.PostStatistics{}
	for _, urn := range listedURN.FindAllString(named, -1) {
		e, there := s.published(urn)
		if !there || e.Author != page {
			continue
		}
		n := s.invent(e)
		elements = append(elements, linkedin.PostStatistics{
			OrganizationalEntity: &page, Share: &e.URN,
			TotalShareStatistics: &linkedin.TotalShareStatistics{
				ImpressionCount: &n.impressions, UniqueImpressionsCount: &n.reached, ClickCount: &n.reactions,
				LikeCount: &n.reactions, CommentCount: &n.comments, ShareCount: &n.reshares,
			},
		})
	}
	return linkedin.GetOrganizationShareStatistics200JSONResponse{Elements: elements}, nil
}
