// Package analytics follows a post's numbers: what LinkedIn counted, and which numbers it does not give, and why.
//
// It must not know how a post is published.
package analytics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Analytics is what is known of a post; nil fields are unknown.
type Analytics = db.PostAnalytics

// LinkedIn is what this package needs of LinkedIn.
type LinkedIn interface {
	PostAnalytics(ctx context.Context, token string, urn linkedin.URN, metric linkedin.Metric) (count int64, known bool, err error)
	SocialMetadata(ctx context.Context, token string, urn linkedin.URN) (linkedin.SocialMetadata, error)
	OrganizationShareStatistics(ctx context.Context, token string, organization linkedin.URN, posts []linkedin.URN) ([]linkedin.ShareStatistics, error)
}

// Unknown is a number that LinkedIn did not give, and why.
type Unknown struct {
	Field  string // as in the API: "viewsCount"
	Reason string
}

// Report is what is known of a post after LinkedIn was asked.
type Report struct {
	Analytics Analytics
	Unknown   []Unknown
}

// Service keeps the numbers. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	posts    *posts.Service
	accounts *accounts.Service
	linkedIn LinkedIn
	now      func() time.Time
}

// New returns a Service.
func New(store *postgres.Store, posts *posts.Service, accounts *accounts.Service, linkedIn LinkedIn, now func() time.Time) *Service {
	return &Service{store: store, queries: db.New(), posts: posts, accounts: accounts, linkedIn: linkedIn, now: now}
}

// Get returns what is known of a post of the owner without asking anybody; of a post never analysed nor refreshed,
// nothing is.
func (s *Service) Get(ctx context.Context, ownerID, id uuid.UUID) (Analytics, error) {
	if _, err := s.posts.Get(ctx, ownerID, id); err != nil {
		return Analytics{}, err
	}
	found, err := s.queries.AnalyticsGet(ctx, s.store, db.AnalyticsGetParams{PostID: id, OwnerID: ownerID})
	if fault.Is(err, fault.NotFound) {
		return Analytics{PostID: id, OwnerID: ownerID}, nil
	}
	return found, err
}

// The scopes that give numbers (LinkedIn: post statistics, social metadata, share statistics).
const (
	scopeMemberAnalytics = "r_member_postAnalytics"
	scopeMemberFeed      = "r_member_social_feed"
)

// counts is what LinkedIn was asked for and gave.
type counts struct {
	views, likes, comments, shares *int64
	unknown                        []Unknown
}

func (c *counts) miss(reason string, fields ...string) {
	for _, f := range fields {
		c.unknown = append(c.unknown, Unknown{Field: f, Reason: reason})
	}
}

// Refresh asks LinkedIn for a published post's numbers, by the way that its account is allowed to ask, and stores them.
// Numbers it does not give keep their last value and are listed with the reason. A post that is not on LinkedIn, or
// whose URN is unknown, is a Precondition fault.
func (s *Service) Refresh(ctx context.Context, ownerID, id uuid.UUID) (Report, error) {
	post, err := s.posts.Get(ctx, ownerID, id)
	if err != nil {
		return Report{}, err
	}
	if post.State != posts.StatePublished {
		return Report{}, fault.Newf(fault.Precondition, "The post is %s: LinkedIn counts only what is published.", post.State).WithReason("NOT_PUBLISHED")
	}
	urn, err := linkedin.ParseURN(post.LinkedinURN)
	if err != nil {
		return Report{}, fault.New(fault.Precondition, "LinkedIn did not say which URN the post has, so it can't be asked for its numbers.").WithReason("URN_UNKNOWN")
	}
	account, err := s.accounts.Get(ctx, ownerID, post.AccountID)
	if err != nil {
		return Report{}, err
	}
	token, err := s.accounts.Token(account)
	if err != nil {
		return Report{}, err
	}
	author, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return Report{}, err
	}
	found, err := s.ask(ctx, token, account.Scopes, author, urn)
	if err != nil {
		return Report{}, err
	}
	stored, err := s.queries.AnalyticsPutNumbers(ctx, s.store, db.AnalyticsPutNumbersParams{
		PostID: id, OwnerID: ownerID, Now: s.now(),
		ViewsCount: found.views, LikesCount: found.likes, CommentsCount: found.comments, SharesCount: found.shares,
	})
	return Report{Analytics: stored, Unknown: found.unknown}, err
}

// ask chooses the way. Scopes that are unknown (none recorded) are tried: LinkedIn then says what is missing.
func (s *Service) ask(ctx context.Context, token string, scopes []string, author, urn linkedin.URN) (counts, error) {
	may := func(scope string) bool { return len(scopes) == 0 || slices.Contains(scopes, scope) }
	switch {
	case author.Kind() == linkedin.KindOrganization:
		return s.askPage(ctx, token, author, urn)
	case may(scopeMemberAnalytics):
		return s.askMember(ctx, token, urn)
	case may(scopeMemberFeed):
		return s.askSocial(ctx, token, urn)
	}
	var c counts
	c.miss(fmt.Sprintf("LinkedIn gives it only with the scope %s (Community Management API), which the account's token lacks", scopeMemberAnalytics),
		"viewsCount", "likesCount", "commentsCount", "sharesCount")
	return c, nil
}

func (s *Service) askMember(ctx context.Context, token string, urn linkedin.URN) (counts, error) {
	var c counts
	for _, want := range []struct {
		metric linkedin.Metric
		field  string
		into   **int64
	}{
		{linkedin.MetricImpression, "viewsCount", &c.views},
		{linkedin.MetricReaction, "likesCount", &c.likes},
		{linkedin.MetricComment, "commentsCount", &c.comments},
		{linkedin.MetricReshare, "sharesCount", &c.shares},
	} {
		n, known, err := s.linkedIn.PostAnalytics(ctx, token, urn, want.metric)
		switch {
		case refusedFor(err):
			c.miss(fmt.Sprintf("LinkedIn refused it: the account's token needs the scope %s (Community Management API)", scopeMemberAnalytics), want.field)
		case err != nil:
			return counts{}, err
		case !known:
			c.miss("LinkedIn has no number for this post yet", want.field)
		default:
			*want.into = &n
		}
	}
	return c, nil
}

func (s *Service) askSocial(ctx context.Context, token string, urn linkedin.URN) (counts, error) {
	var c counts
	c.miss(fmt.Sprintf("LinkedIn gives it only with the scope %s (Community Management API), which the account's token lacks", scopeMemberAnalytics),
		"viewsCount", "sharesCount")
	found, err := s.linkedIn.SocialMetadata(ctx, token, urn)
	if refusedFor(err) {
		c.miss(fmt.Sprintf("LinkedIn refused it: the account's token needs the scope %s", scopeMemberFeed), "likesCount", "commentsCount")
		return c, nil
	}
	if err != nil {
		return counts{}, err
	}
	c.likes, c.comments = &found.Reactions, &found.Comments
	return c, nil
}

func (s *Service) askPage(ctx context.Context, token string, page, urn linkedin.URN) (counts, error) {
	var c counts
	found, err := s.linkedIn.OrganizationShareStatistics(ctx, token, page, []linkedin.URN{urn})
	if refusedFor(err) {
		c.miss("LinkedIn refused it: the account needs the scope rw_organization_admin and the role ADMINISTRATOR of the page",
			"viewsCount", "likesCount", "commentsCount", "sharesCount")
		return c, nil
	}
	if err != nil {
		return counts{}, err
	}
	var statistics linkedin.ShareStatistics // a post without activity is left out of the answer: zeros
	for _, one := range found {
		if one.Post == urn {
			statistics = one
		}
	}
	c.views, c.likes, c.comments, c.shares = &statistics.Impressions, &statistics.Likes, &statistics.Comments, &statistics.Shares
	return c, nil
}

// refusedFor reports whether LinkedIn refused for lack of a scope, product or role: HTTP 403.
func refusedFor(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Kind == fault.VendorRejected && f.Answer != nil && f.Answer.Status == 403
}
