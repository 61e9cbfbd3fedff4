package rpc

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

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
	return unary(ctx, req, sentimentInput, h.analysis.Sentiment, sentimentMessage)
}

func (h analysisHandler) GenerateHashtags(
	ctx context.Context,
	req *postwrightv1.GenerateHashtagsRequest,
) (*postwrightv1.GenerateHashtagsResponse, error) {
	return unary(ctx, req, hashtagsInput, h.analysis.Hashtags, func(tags analysis.Answer[[]string]) *postwrightv1.GenerateHashtagsResponse {
		return &postwrightv1.GenerateHashtagsResponse{Hashtags: tags.Value, Source: sourceMessage(tags.Source)}
	})
}

func (h analysisHandler) OptimizeContent(
	ctx context.Context,
	req *postwrightv1.OptimizeContentRequest,
) (*postwrightv1.OptimizeContentResponse, error) {
	return unary(ctx, req, optimizeInput, h.analysis.Optimize, func(optimized analysis.Answer[string]) *postwrightv1.OptimizeContentResponse {
		return &postwrightv1.OptimizeContentResponse{OptimizedContent: optimized.Value, Source: sourceMessage(optimized.Source)}
	})
}

func (h analysisHandler) AnalyzePost(ctx context.Context, req *postwrightv1.AnalyzePostRequest) (*postwrightv1.AnalyzePostResponse, error) {
	return unary(ctx, req, readID, func(ctx context.Context, post ownedID) (*postwrightv1.AnalyzePostResponse, error) {
		report, err := h.analysis.AnalyzePost(ctx, post.owner, post.id)
		if err != nil {
			return nil, err
		}
		forecast, err := h.analytics.Predict(ctx, analytics.PredictInput{OwnerID: post.owner, PostID: post.id})
		if err != nil {
			return nil, err
		}
		known, err := h.analytics.Get(ctx, post.owner, post.id)
		res := &postwrightv1.AnalyzePostResponse{
			Post: postMessage(report.Post), Analytics: analyticsMessage(known, nil), OptimizedContent: report.Optimized.Value,
			SentimentSource: sourceMessage(report.Sentiment), HashtagsSource: sourceMessage(report.Hashtags),
			OptimizationSource: sourceMessage(report.Optimized.Source), OptimizationVersion: report.OptimizedVersion,
			Readability: readabilityMessage(report.Readability), Forecast: forecastMessage(forecast),
		}
		for _, part := range report.Missing {
			res.Missing = append(res.Missing, &postwrightv1.AnalysisMissing{Operation: part.Operation, Reason: part.Reason, Message: part.Message})
		}
		return res, err
	}, same)
}

func (h analysisHandler) OptimizePost(ctx context.Context, req *postwrightv1.OptimizePostRequest) (*postwrightv1.OptimizePostResponse, error) {
	return unary(ctx, req, optimizePostInput, h.analysis.OptimizePost, func(s analysis.Suggestion) *postwrightv1.OptimizePostResponse {
		return &postwrightv1.OptimizePostResponse{
			OptimizedContent: s.Optimized.Value, Source: sourceMessage(s.Optimized.Source), Version: s.Version,
		}
	})
}

func (h analysisHandler) AnalyzeReadability(
	ctx context.Context,
	req *postwrightv1.AnalyzeReadabilityRequest,
) (*postwrightv1.AnalyzeReadabilityResponse, error) {
	return unary(ctx, req, readabilityInput, func(_ context.Context, text string) (analysis.Reading, error) {
		return analysis.Readability(text), nil
	}, func(r analysis.Reading) *postwrightv1.AnalyzeReadabilityResponse {
		return &postwrightv1.AnalyzeReadabilityResponse{Readability: readabilityMessage(r)}
	})
}

func readabilityInput(_ uuid.UUID, m *postwrightv1.AnalyzeReadabilityRequest) string {
	return m.GetText()
}

// readabilityMessage leaves out what is unknown.
func readabilityMessage(r analysis.Reading) *postwrightv1.Readability {
	if r.Unknown != "" {
		return &postwrightv1.Readability{UnknownReason: r.Unknown}
	}
	whole := func(n int) *int32 { return proto.Int32(int32(n)) } //nolint:gosec // bounded by the size of a request
	return &postwrightv1.Readability{
		ReadingEase: &r.Ease, Grade: &r.Grade, Sentences: whole(r.Sentences), Words: whole(r.Words), WordsPerSentence: &r.WordsPerSentence,
		LongestSentenceWords: whole(r.LongestSentence), LettersPerWord: &r.LettersPerWord, SyllablesPerWord: &r.SyllablesPerWord,
	}
}

func optimizePostInput(caller uuid.UUID, m *postwrightv1.OptimizePostRequest) analysis.OptimizePostInput {
	return analysis.OptimizePostInput{
		OwnerID: caller, ID: parseID(m.GetId()), Kind: optimizationTypes.word(m.GetOptimizationType()),
	}
}

func sentimentInput(_ uuid.UUID, m *postwrightv1.AnalyzeSentimentRequest) string { return m.GetText() }

func hashtagsInput(_ uuid.UUID, m *postwrightv1.GenerateHashtagsRequest) analysis.HashtagsInput {
	return analysis.HashtagsInput{Content: m.GetContent(), Limit: int(m.GetMaxCount())}
}

func optimizeInput(_ uuid.UUID, m *postwrightv1.OptimizeContentRequest) analysis.OptimizeInput {
	return analysis.OptimizeInput{Content: m.GetContent(), Kind: optimizationTypes.word(m.GetOptimizationType())}
}

func sentimentMessage(found analysis.Answer[analysis.Sentiment]) *postwrightv1.AnalyzeSentimentResponse {
	return &postwrightv1.AnalyzeSentimentResponse{
		Label: sentimentLabels.value(found.Value.Label), Score: found.Value.Score, Source: sourceMessage(found.Source),
	}
}

// sourceMessage is none for what nobody answered.
func sourceMessage(source analysis.Source) *postwrightv1.AnalysisSource {
	if source.Engine == "" {
		return nil
	}
	m := &postwrightv1.AnalysisSource{Engine: source.Engine, Model: source.Name, Version: source.Version}
	for _, engine := range source.PassedOver {
		m.PassedOver = append(m.PassedOver, &postwrightv1.AnalysisEngineFailure{
			Engine: engine.Engine, Reason: engine.Reason, Message: engine.Message,
		})
	}
	return m
}
