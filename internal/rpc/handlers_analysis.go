package rpc

import (
	"context"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/identity"
)

type analysisHandler struct {
	analysis  *analysis.Service
	analytics *analytics.Service
}

var _ postwrightv1connect.AnalysisServiceHandler = analysisHandler{}

func (h analysisHandler) AnalyzeSentiment(ctx context.Context, req *postwrightv1.AnalyzeSentimentRequest) (*postwrightv1.AnalyzeSentimentResponse, error) {
	found, err := h.analysis.Sentiment(ctx, req.GetText())
	if err != nil {
		return nil, err
	}
	return &postwrightv1.AnalyzeSentimentResponse{Label: sentimentLabel(found.Label), Score: found.Score}, nil
}

func (h analysisHandler) GenerateHashtags(ctx context.Context, req *postwrightv1.GenerateHashtagsRequest) (*postwrightv1.GenerateHashtagsResponse, error) {
	tags, err := h.analysis.Hashtags(ctx, req.GetContent(), int(req.GetMaxCount()))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.GenerateHashtagsResponse{Hashtags: tags}, nil
}

func (h analysisHandler) OptimizeContent(ctx context.Context, req *postwrightv1.OptimizeContentRequest) (*postwrightv1.OptimizeContentResponse, error) {
	optimized, err := h.analysis.Optimize(ctx, req.GetContent(), word(prefixOptimize, req.GetOptimizationType().String()))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.OptimizeContentResponse{OptimizedContent: optimized}, nil
}

func (h analysisHandler) AnalyzePost(ctx context.Context, req *postwrightv1.AnalyzePostRequest) (*postwrightv1.AnalyzePostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	report, err := h.analysis.AnalyzePost(ctx, caller, parsed(req.GetId()))
	if err != nil {
		return nil, err
	}
	known, err := h.analytics.Get(ctx, caller, report.Post.ID)
	if err != nil {
		return nil, err
	}
	return &postwrightv1.AnalyzePostResponse{
		Post: postMessage(report.Post), Analytics: analyticsMessage(known, nil), OptimizedContent: report.Optimized,
	}, nil
}
