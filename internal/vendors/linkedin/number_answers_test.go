package linkedin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestPostAnalytics(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body  string
		count int64
		known bool
		bad   bool
	}{
		"from version 202605": {`{"elements":[{"count":5000,"metricType":"IMPRESSION"}]}`, 5000, true, false},
		"before version 202605": {
			`{"elements":[{"count":7,"metricType":{"com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1":"IMPRESSION"}}]}`,
			7, true, false,
		},
		"zero is known":         {`{"elements":[{"count":0}]}`, 0, true, false},
		"no elements":           {`{"elements":[]}`, 0, false, false},
		"elements absent":       {`{}`, 0, false, false},
		"no count":              {`{"elements":[{}]}`, 0, false, true},
		"a count below zero":    {`{"elements":[{"count":-1}]}`, 0, false, true},
		"a count that is null":  {`{"elements":[{"count":null}]}`, 0, false, true},
		"a fraction":            {`{"elements":[{"count":1.5}]}`, 0, false, true},
		"a count as a text":     {`{"elements":[{"count":"12"}]}`, 12, true, false},
		"two counts":            {`{"elements":[{"count":1},{"count":2}]}`, 0, false, true},
		"a count that is prose": {`{"elements":[{"count":"many"}]}`, 0, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			count, known, err := client.PostAnalytics(t.Context(), token, urn(t, "urn:li:share:1"), linkedin.MetricImpression)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.count, count)
			require.Equal(t, test.known, known)
		})
	}
}

func number(n int64) *int64 { return &n }

// What can't be read is unknown, and takes nothing away that can: but no sum is one of a part.
func TestSocialMetadata(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want linkedin.SocialMetadata
		bad  bool
	}{
		"comments and reactions": {
			`{"commentSummary":{"count":3,"topLevelCount":1},"reactionSummaries":{"LIKE":{"count":4},"PRAISE":{"count":5}}}`,
			linkedin.SocialMetadata{Comments: number(3), Reactions: number(9)}, false,
		},
		"no reactions": {
			`{"commentSummary":{"count":0},"reactionSummaries":{}}`,
			linkedin.SocialMetadata{Comments: number(0), Reactions: number(0)},
			false,
		},
		"reactions left out": {`{"commentSummary":{"count":3}}`, linkedin.SocialMetadata{Comments: number(3)}, false},
		"reactions null":     {`{"commentSummary":{"count":3},"reactionSummaries":null}`, linkedin.SocialMetadata{Comments: number(3)}, false},
		"reactions as a list": {
			`{"commentSummary":{"count":3},"reactionSummaries":[{"reactionType":"LIKE","count":4}]}`,
			linkedin.SocialMetadata{Comments: number(3)},
			false,
		},
		"reactions as a number": {`{"commentSummary":{"count":3},"reactionSummaries":4}`, linkedin.SocialMetadata{Comments: number(3)}, false},
		"counts as texts": {
			`{"commentSummary":{"count":"3"},"reactionSummaries":{"LIKE":{"count":"4"},"PRAISE":{"count":"5.0"}}}`,
			linkedin.SocialMetadata{Comments: number(3), Reactions: number(9)},
			false,
		},
		"a reaction, not counted": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":4},"PRAISE":{}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"a reaction that is null": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":null}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"a reaction by number": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":4}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"a reaction below zero": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":4},"PRAISE":{"count":-1}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"half a reaction": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":1.5}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"more than can be counted": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":9223372036854775807},"PRAISE":{"count":1}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"comments below zero": {
			`{"commentSummary":{"count":-3},"reactionSummaries":{"LIKE":{"count":4}}}`,
			linkedin.SocialMetadata{Reactions: number(4)},
			false,
		},
		"no comments": {`{"reactionSummaries":{"LIKE":{"count":4}}}`, linkedin.SocialMetadata{Reactions: number(4)}, false},
		"comments without count": {
			`{"commentSummary":{},"reactionSummaries":{"LIKE":{"count":4}}}`,
			linkedin.SocialMetadata{Reactions: number(4)},
			false,
		},
		"nothing that can be read": {`{"commentSummary":{},"reactionSummaries":[]}`, linkedin.SocialMetadata{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, err := client.SocialMetadata(t.Context(), token, urn(t, "urn:li:share:1"))
			require.Equal(t, test.want, got)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestOrganizationShareStatistics(t *testing.T) {
	t.Parallel()
	numbers := `"totalShareStatistics":{"impressionCount":10,"likeCount":-1,"commentCount":2,"shareCount":3,"engagement":0.5}`
	tests := map[string]struct {
		body string
		want []linkedin.ShareStatistics
		part bool // of a list that may go on
		bad  bool
	}{
		"a share and a ugcPost": {
			`{"elements":[{"share":"urn:li:share:1",` + numbers + `},{"ugcPost":"urn:li:ugcPost:2",` + numbers + `}]}`,
			[]linkedin.ShareStatistics{
				{Post: urn(t, "urn:li:share:1"), Impressions: number(10), Likes: number(-1), Comments: number(2), Shares: number(3)},
				{Post: urn(t, "urn:li:ugcPost:2"), Impressions: number(10), Likes: number(-1), Comments: number(2), Shares: number(3)},
			}, false, false,
		},
		"no activity":        {`{"elements":[]}`, nil, false, false},
		"nothing said":       {`{}`, nil, false, true},
		"numbers of no post": {`{"elements":[{` + numbers + `}]}`, nil, true, false},
		"an element null":    {`{"elements":[null]}`, nil, true, false},
		"a post, no numbers": {
			`{"elements":[{"share":"urn:li:share:1"}]}`,
			[]linkedin.ShareStatistics{{Post: urn(t, "urn:li:share:1")}},
			false,
			false,
		},
		"numbers as a list": {
			`{"elements":[{"share":"urn:li:share:1","totalShareStatistics":[1]}]}`,
			[]linkedin.ShareStatistics{{Post: urn(t, "urn:li:share:1")}},
			false,
			false,
		},
		"a post, some numbers": {
			`{"elements":[{"share":"urn:li:share:1","totalShareStatistics":{"likeCount":"1","commentCount":1.5,"shareCount":null}}]}`,
			[]linkedin.ShareStatistics{{Post: urn(t, "urn:li:share:1"), Likes: number(1)}},
			false,
			false,
		},
		"a next page":           {`{"elements":[],"paging":{"links":[{"rel":"next"}]}}`, nil, true, false},
		"a greater total":       {`{"elements":[],"paging":{"total":1}}`, nil, true, false},
		"a page that is full":   {`{"elements":[null],"paging":{"count":1}}`, nil, true, false},
		"elements as an object": {`{"elements":{"share":"urn:li:share:1"}}`, nil, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, complete, err := client.OrganizationShareStatistics(
				t.Context(),
				token,
				urn(t, "urn:li:organization:5"),
				[]linkedin.URN{urn(t, "urn:li:share:1")},
			)
			require.Equal(t, test.want, got)
			require.Equal(t, !test.part && !test.bad, complete)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}
