package rpc

import (
	"context"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/analytics"
)

type analysisHandler struct {
	analysis  *analysis.Service
	analytics *analytics.Service
}

var _ postwrightv1connect.AnalysisServiceHandler = analysisHandler{}

func (h analysisHandler) AnalyzeSentiment(
	ctx context.Context,
	req *postwrightv1.AnalyzeSentimentRequest,
) (*postwrightv1.AnalyzeSentimentResponse, error) {
	return unary(ctx, req, sentimentInput, h.analysis.Sentiment, func(found analysis.Sentiment) *postwrightv1.AnalyzeSentimentResponse {
		return &postwrightv1.AnalyzeSentimentResponse{Label: sentimentLabels.value(found.Label), Score: found.Score}
	})
}

func (h analysisHandler) GenerateHashtags(
	ctx context.Context,
	req *postwrightv1.GenerateHashtagsRequest,
) (*postwrightv1.GenerateHashtagsResponse, error) {
	return unary(ctx, req, hashtagsInput, h.analysis.Hashtags, func(tags []string) *postwrightv1.GenerateHashtagsResponse {
		return &postwrightv1.GenerateHashtagsResponse{Hashtags: tags}
	})
}

func (h analysisHandler) OptimizeContent(
	ctx context.Context,
	req *postwrightv1.OptimizeContentRequest,
) (*postwrightv1.OptimizeContentResponse, error) {
	return unary(ctx, req, optimizeInput, h.analysis.Optimize, func(optimized string) *postwrightv1.OptimizeContentResponse {
		return &postwrightv1.OptimizeContentResponse{OptimizedContent: optimized}
	})
}

func (h analysisHandler) AnalyzePost(ctx context.Context, req *postwrightv1.AnalyzePostRequest) (*postwrightv1.AnalyzePostResponse, error) {
	return unary(ctx, req, readID, func(ctx context.Context, post ownedID) (*postwrightv1.AnalyzePostResponse, error) {
		report, err := h.analysis.AnalyzePost(ctx, post.owner, post.id)
		if err != nil {
			return nil, err
		}
		known, err := h.analytics.Get(ctx, post.owner, post.id)
		return &postwrightv1.AnalyzePostResponse{
			Post: postMessage(report.Post), Analytics: analyticsMessage(known, nil), OptimizedContent: report.Optimized,
		}, err
	}, same)
}

func sentimentInput(_ uuid.UUID, m *postwrightv1.AnalyzeSentimentRequest) string { return m.GetText() }

func hashtagsInput(_ uuid.UUID, m *postwrightv1.GenerateHashtagsRequest) analysis.HashtagsInput {
	return analysis.HashtagsInput{Content: m.GetContent(), Limit: int(m.GetMaxCount())}
}

func optimizeInput(_ uuid.UUID, m *postwrightv1.OptimizeContentRequest) analysis.OptimizeInput {
	return analysis.OptimizeInput{Content: m.GetContent(), Kind: optimizationTypes.word(m.GetOptimizationType())}
}
