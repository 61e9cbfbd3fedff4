package rpc

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

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

func numbersInput(caller uuid.UUID, m *postwrightv1.ListPostNumbersRequest) analytics.NumbersInput {
	return analytics.NumbersInput{OwnerID: caller, PostID: parseID(m.GetId()), PageToken: m.GetPageToken()}
}

func numbersMessage(page analytics.NumbersPage) *postwrightv1.ListPostNumbersResponse {
	res := &postwrightv1.ListPostNumbersResponse{NextPageToken: page.NextPageToken}
	for _, n := range page.Numbers {
		res.Numbers = append(res.Numbers, &postwrightv1.PostNumbers{
			CountTime:  timestamppb.New(n.CountedAt),
			ViewsCount: n.ViewsCount, LikesCount: n.LikesCount, CommentsCount: n.CommentsCount, SharesCount: n.SharesCount,
		})
	}
	return res
}
