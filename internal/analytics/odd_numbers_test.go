package analytics

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// odd is a LinkedIn whose answers can be read in part.
type odd struct {
	unreadable map[linkedin.Metric]bool
	social     linkedin.SocialMetadata
	page       []linkedin.ShareStatistics
	complete   bool
}

func (o odd) PostAnalytics(_ context.Context, _ string, _ linkedin.URN, metric linkedin.Metric) (int64, bool, error) {
	if o.unreadable[metric] {
		return 0, false, fault.New(fault.VendorUnavailable, "An answer that can't be used.").WithReason(outbound.ReasonBadAnswer)
	}
	return 7, true, nil
}

func (o odd) SocialMetadata(context.Context, string, linkedin.URN) (linkedin.SocialMetadata, error) {
	return o.social, nil
}

func (o odd) OrganizationShareStatistics(context.Context, string, linkedin.URN, []linkedin.URN) ([]linkedin.ShareStatistics, bool, error) {
	return o.page, o.complete, nil
}

// What LinkedIn said and can be read is kept, the rest is unknown, and zero is only what LinkedIn said or left out of a whole
// list.
func TestANumberThatCanNotBeReadIsUnknownAndTakesNoneOfTheOthersAway(t *testing.T) {
	t.Parallel()
	one, err := linkedin.ParseURN("urn:li:share:1")
	require.NoError(t, err)
	seven, zero := int64(7), int64(0)
	all := map[linkedin.Metric]bool{
		linkedin.MetricImpression: true,
		linkedin.MetricReaction:   true,
		linkedin.MetricComment:    true,
		linkedin.MetricReshare:    true,
	}
	for name, c := range map[string]struct {
		by                             wayKind
		answers                        odd
		views, likes, comments, shares *int64
		unknown                        []string
		fails                          bool
	}{
		"one metric": {byMetric, odd{unreadable: map[linkedin.Metric]bool{linkedin.MetricReaction: true}}, &seven, nil, &seven, &seven,
			[]string{"likesCount"}, false},
		"every metric": {byMetric, odd{unreadable: all}, nil, nil, nil, nil, nil, true},
		"reactions": {bySummary, odd{social: linkedin.SocialMetadata{Comments: &seven}}, nil, nil, &seven, nil,
			[]string{"viewsCount", "sharesCount", "likesCount"}, false},
		"some of a page's": {byPage, odd{page: []linkedin.ShareStatistics{{Post: one, Likes: &seven}}, complete: true}, nil, &seven, nil, nil,
			[]string{"viewsCount", "commentsCount", "sharesCount"}, false},
		"left out of a list":     {byPage, odd{complete: true}, &zero, &zero, &zero, &zero, nil, false},
		"left out of half a one": {byPage, odd{}, nil, nil, nil, nil, []string{"viewsCount", "likesCount", "commentsCount", "sharesCount"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := (&Service{linkedIn: c.answers}).ask(t.Context(), "t", way{kind: c.by}, []linkedin.URN{one})
			if c.fails {
				require.Equal(t, outbound.ReasonBadAnswer, fault.Of(err).Reason)
				return
			}
			require.NoError(t, err)
			var unknown []string
			for _, u := range found[0].unknown {
				unknown = append(unknown, u.Field)
			}
			require.Equal(t, c.unknown, unknown)
			require.Equal(t, []*int64{c.views, c.likes, c.comments, c.shares}, []*int64{found[0].views, found[0].likes, found[0].comments, found[0].shares})
		})
	}
}
