package rpc

import (
	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/analytics"
)

// analyticsMessage leaves out what is unknown; unknown are the counts that LinkedIn did not give just now.
func analyticsMessage(a analytics.Analytics, unknown []analytics.Unknown) *postwrightv1.PostAnalytics {
	m := &postwrightv1.PostAnalytics{
		SentimentScore: a.SentimentScore, ReadabilityScore: a.ReadabilityScore, EngagementPrediction: a.EngagementPrediction,
		ViewsCount: a.ViewsCount, LikesCount: a.LikesCount, CommentsCount: a.CommentsCount, SharesCount: a.SharesCount,
		RefreshTime: timestamp(a.RefreshedAt),
	}
	if a.SentimentLabel != nil {
		m.SentimentLabel = sentimentLabels.value(*a.SentimentLabel).Enum()
	}
	for _, u := range unknown {
		m.Unknown = append(m.Unknown, &postwrightv1.UnknownCount{Field: u.Field, Reason: u.Reason})
	}
	return m
}
