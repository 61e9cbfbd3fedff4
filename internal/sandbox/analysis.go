package sandbox

import (
	"context"
	"net/http"

	"github.com/postwright/postwright/gen/analysis"
	"github.com/postwright/postwright/internal/lexical"
)

// analysisServer serves the analysis API with the methods of package lexical: nothing is canned.
type analysisServer struct{ *Sandbox }

var _ analysis.StrictServerInterface = analysisServer{}

// AnalyzeSentiment implements POST /analyze/sentiment.
func (s analysisServer) AnalyzeSentiment(
	_ context.Context,
	r analysis.AnalyzeSentimentRequestObject,
) (analysis.AnalyzeSentimentResponseObject, error) {
	if r.Body.Text == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "empty_text", "text must not be empty")
	}
	label, score := s.lexicon.Sentiment(r.Body.Text)
	return analysis.AnalyzeSentiment200JSONResponse{Label: label, Score: score}, nil
}

// GenerateHashtags implements POST /generate/hashtags.
func (s analysisServer) GenerateHashtags(
	_ context.Context,
	r analysis.GenerateHashtagsRequestObject,
) (analysis.GenerateHashtagsResponseObject, error) {
	return analysis.GenerateHashtags200JSONResponse{Hashtags: lexical.Hashtags(r.Body.Content)}, nil
}

// OptimizeContent implements POST /optimize/content.
func (s analysisServer) OptimizeContent(_ context.Context, r analysis.OptimizeContentRequestObject) (analysis.OptimizeContentResponseObject, error) {
	optimized, known := lexical.Optimize(r.Body.Content, r.Body.OptimizationType)
	if !known {
		return nil, refuse(http.StatusUnprocessableEntity, "unknown_optimization_type",
			"optimization_type must be engagement, clarity, brevity or professional_tone")
	}
	return analysis.OptimizeContent200JSONResponse{OptimizedContent: &optimized}, nil
}
