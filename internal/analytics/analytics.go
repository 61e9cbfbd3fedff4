// Package analytics keeps a post's numbers: what LinkedIn counted and when it is asked again, which numbers it does not give and
// why, and what the next post may come to by them.
//
// It must not know how a post is published.
package analytics

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// LinkedIn is what this package needs of LinkedIn.
type LinkedIn interface {
	PostAnalytics(ctx context.Context, token string, urn linkedin.URN, metric linkedin.Metric) (count int64, known bool, err error)
	SocialMetadata(ctx context.Context, token string, urn linkedin.URN) (linkedin.SocialMetadata, error)
	OrganizationShareStatistics(
		ctx context.Context,
		token string,
		organization linkedin.URN,
		posts []linkedin.URN,
	) (found []linkedin.ShareStatistics, complete bool, err error)
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
	jobs     *jobs.Client
	plan     Plan
	now      func() time.Time
}

// Dependencies are what a Service works with; it needs all of them.
type Dependencies struct {
	Store    *postgres.Store
	Posts    *posts.Service
	Accounts *accounts.Service
	LinkedIn LinkedIn
	Jobs     *jobs.Client
	// Plan is when a post's numbers are asked for without anybody's asking.
	Plan Plan
	Now  func() time.Time
}

// New returns a Service. Its worker still has to be registered: see Register.
func New(on Dependencies) *Service {
	return &Service{
		store: on.Store, queries: db.New(), posts: on.Posts, accounts: on.Accounts, linkedIn: on.LinkedIn, jobs: on.Jobs, plan: on.Plan,
		now: on.Now,
	}
}

// Get returns what is known of a post of the owner without asking anybody: of one never analysed nor refreshed, nothing is.
func (s *Service) Get(ctx context.Context, ownerID, id uuid.UUID) (Analytics, error) {
	known, err := fromRow(s.queries.AnalyticsGet(ctx, s.store, db.AnalyticsGetParams{PostID: id, OwnerID: ownerID}))
	return known, posts.NotFound(err)
}

// Refresh asks LinkedIn for a published post's numbers, in the way that its account is allowed to ask, and stores them.
// Numbers it does not give keep their last value and are listed with the reason. A post that is not on LinkedIn, or
// whose URN is unknown, is a Precondition fault; it is a RateLimited one when what is left of the day's requests is kept for
// publishing.
func (s *Service) Refresh(ctx context.Context, ownerID, id uuid.UUID) (Report, error) {
	post, err := s.posts.Get(ctx, ownerID, id)
	if err != nil {
		return Report{}, err
	}
	one, err := counted(post)
	if err != nil {
		return Report{}, err
	}
	account, err := s.accounts.Get(ctx, ownerID, post.AccountID)
	if err != nil {
		return Report{}, err
	}
	by, err := wayOf(account)
	if err != nil {
		return Report{}, err
	}
	unknown, err := s.refresh(ctx, account, by, one)
	if err != nil {
		return Report{}, err
	}
	known, err := s.Get(ctx, ownerID, id)
	return Report{Analytics: known, Unknown: unknown}, err
}

// onLinkedIn is a post of which LinkedIn may have numbers.
type onLinkedIn struct {
	id  uuid.UUID
	urn linkedin.URN
}

// counted is a post of which LinkedIn may have numbers, or the fault that says why it has none.
func counted(post posts.Post) (onLinkedIn, error) {
	if post.State != posts.StatePublished {
		return onLinkedIn{}, fault.Newf(
			fault.Precondition,
			"The post is %s: LinkedIn counts only what is published.",
			post.State,
		).WithReason("NOT_PUBLISHED")
	}
	urn, err := linkedin.ParseURN(post.LinkedInURN)
	if err != nil {
		return onLinkedIn{}, fault.New(
			fault.Precondition,
			"LinkedIn did not say which URN the post has, so it can't be asked for its numbers.",
		).WithReason("URN_UNKNOWN")
	}
	return onLinkedIn{post.ID, urn}, nil
}

// refresh asks for posts of one account at once, as many as the way allows, and stores what LinkedIn gives. It
// returns what LinkedIn does not give of the first of them. Posts that are gone by then are left out. What LinkedIn said before
// it failed is stored all the same.
func (s *Service) refresh(ctx context.Context, account accounts.Account, by way, all ...onLinkedIn) (unknown []Unknown, err error) {
	asking, token := ctx, ""
	if n := by.requests(); n > 0 {
		if asking, token, err = s.accounts.TokenToAsk(ctx, account, n); err != nil {
			return nil, err
		}
	}
	urns := make([]linkedin.URN, len(all))
	for i, post := range all {
		urns[i] = post.urn
	}
	found, failed := s.ask(asking, token, by, urns)
	if failed != nil && (len(found) == 0 || found[0].known() == by.had.known()) {
		return nil, failed
	}
	keeping := context.WithoutCancel(ctx) // whose end may be what failed
	for i, post := range all {
		c := found[i]
		if _, err := s.queries.AnalyticsPutNumbers(keeping, s.store, db.AnalyticsPutNumbersParams{
			PostID: post.id, OwnerID: account.OwnerID, Now: s.now(),
			ViewsCount: c.views, LikesCount: c.likes, CommentsCount: c.comments, SharesCount: c.shares,
		}); err != nil {
			return nil, errors.Join(failed, err)
		}
	}
	return found[0].unknown, failed
}
