package analytics

import (
	"context"
	"fmt"
	"slices"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// The scopes that give numbers (LinkedIn: post statistics, social metadata, share statistics).
const (
	scopeMemberAnalytics = "r_member_postAnalytics"
	scopeMemberFeed      = "r_member_social_feed"
)

// pageBatch is how many posts of a page are asked for in one request: what is asked for stands in the URL.
const pageBatch = 20

// way is how an account's token may ask for numbers.
type way struct {
	kind   wayKind
	author linkedin.URN
	had    counts // what LinkedIn said before it refused to say more, which is not asked again; of a member's one post
}

type wayKind uint8

const (
	closed    wayKind = iota // the token gives none
	byMetric                 // a member's, one number of one post at a time
	bySummary                // a member's, reactions and comments of one post
	byPage                   // a page's, all numbers of many posts
)

// wayOf chooses the way. Scopes that are unknown (none recorded) are tried: LinkedIn then says what is missing.
func wayOf(account accounts.Account) (way, error) {
	author, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return way{}, err
	}
	may := func(scope string) bool { return len(account.Scopes) == 0 || slices.Contains(account.Scopes, scope) }
	w := way{author: author}
	switch {
	case author.Kind() == linkedin.KindOrganization:
		w.kind = byPage
	case may(scopeMemberAnalytics):
		w.kind = byMetric
	case may(scopeMemberFeed):
		w.kind = bySummary
	}
	return w, nil
}

// requests is how many requests the numbers of posts take that are asked for together.
func (w way) requests() int {
	return map[wayKind]int{closed: 0, byMetric: len(metrics) - w.had.known(), bySummary: 1, byPage: 1}[w.kind]
}

// together is how many posts can be asked for in those requests.
func (w way) together() int {
	if w.kind == byPage {
		return pageBatch
	}
	return 1
}

// counts is what LinkedIn was asked for and gave.
type counts struct {
	views, likes, comments, shares *int64
	unknown                        []Unknown
}

// known is how many numbers LinkedIn gave.
func (c *counts) known() (n int) {
	for _, m := range metrics {
		if *m.into(c) != nil {
			n++
		}
	}
	return n
}

func (c *counts) miss(reason string, fields ...string) {
	for _, f := range fields {
		c.unknown = append(c.unknown, Unknown{Field: f, Reason: reason})
	}
}

// notSaid is why a number is unknown that LinkedIn was asked for in vain.
const notSaid = "LinkedIn's answer did not say, or not so that it can be read"

// take keeps a number, or says that it was not said.
func (c *counts) take(into **int64, number *int64, field string) {
	if *into = number; number == nil {
		c.miss(notSaid, field)
	}
}

// ask asks for posts, as many as the way takes together, and returns what LinkedIn gave of each, also before it failed.
func (s *Service) ask(ctx context.Context, token string, by way, urns []linkedin.URN) ([]counts, error) {
	switch by.kind {
	case byPage:
		return s.askPage(ctx, token, by.author, urns)
	case byMetric:
		c, err := s.askMember(ctx, token, urns[0], by.had)
		return []counts{c}, err
	case bySummary:
		c, err := s.askSocial(ctx, token, urns[0])
		return []counts{c}, err
	}
	var c counts
	c.miss(fmt.Sprintf("LinkedIn gives it only with the scope %s (Community Management API), which the account's token lacks", scopeMemberAnalytics),
		"viewsCount", "likesCount", "commentsCount", "sharesCount")
	return []counts{c}, nil
}

// metrics are a member's numbers of a post, each of which is a request of its own.
var metrics = []struct {
	metric linkedin.Metric
	field  string
	into   func(c *counts) **int64
}{
	{linkedin.MetricImpression, "viewsCount", func(c *counts) **int64 { return &c.views }},
	{linkedin.MetricReaction, "likesCount", func(c *counts) **int64 { return &c.likes }},
	{linkedin.MetricComment, "commentsCount", func(c *counts) **int64 { return &c.comments }},
	{linkedin.MetricReshare, "sharesCount", func(c *counts) **int64 { return &c.shares }},
}

func (s *Service) askMember(ctx context.Context, token string, urn linkedin.URN, had counts) (counts, error) {
	c := had
	var unread []error
	for _, want := range metrics {
		if *want.into(&had) != nil {
			continue
		}
		n, known, err := s.linkedIn.PostAnalytics(ctx, token, urn, want.metric)
		switch {
		case refusedFor(err):
			c.miss(fmt.Sprintf("LinkedIn refused it: the account's token needs the scope %s (Community Management API)", scopeMemberAnalytics), want.field)
		case unreadable(err):
			unread = append(unread, err)
			c.miss(notSaid, want.field)
		case err != nil:
			return c, err
		case !known:
			c.miss("LinkedIn has no number for this post yet", want.field)
		default:
			*want.into(&c) = &n
		}
	}
	if len(unread) == len(metrics) {
		return counts{}, unread[0]
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
	c.take(&c.likes, found.Reactions, "likesCount")
	c.take(&c.comments, found.Comments, "commentsCount")
	return c, nil
}

func (s *Service) askPage(ctx context.Context, token string, page linkedin.URN, urns []linkedin.URN) ([]counts, error) {
	all := make([]counts, len(urns))
	found, complete, err := s.linkedIn.OrganizationShareStatistics(ctx, token, page, urns)
	if refusedFor(err) {
		for i := range all {
			all[i].miss("LinkedIn refused it: the account needs the scope rw_organization_admin and the role ADMINISTRATOR of the page",
				"viewsCount", "likesCount", "commentsCount", "sharesCount")
		}
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	for i, urn := range urns {
		var statistics linkedin.ShareStatistics
		if complete { // a post without activity is left out of the answer
			statistics = linkedin.ShareStatistics{Impressions: new(int64), Likes: new(int64), Comments: new(int64), Shares: new(int64)}
		}
		for _, one := range found {
			if one.Post == urn {
				statistics = one
			}
		}
		c := &all[i]
		c.take(&c.views, statistics.Impressions, "viewsCount")
		c.take(&c.likes, statistics.Likes, "likesCount")
		c.take(&c.comments, statistics.Comments, "commentsCount")
		c.take(&c.shares, statistics.Shares, "sharesCount")
	}
	return all, nil
}

// unreadable reports whether LinkedIn answered, and nothing can be read from it.
func unreadable(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Reason == outbound.ReasonBadAnswer
}

// refusedFor reports whether LinkedIn refused for lack of a scope, product or role: HTTP 403.
func refusedFor(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Kind == fault.VendorRejected && f.Answer != nil && f.Answer.Status == 403
}
