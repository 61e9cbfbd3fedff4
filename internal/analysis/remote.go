package analysis

import (
	"context"

	"github.com/postwright/postwright/internal/vendors/analysisapi"
)

// Remote is the engine behind the analysis API.
type Remote struct{ API *analysisapi.Client }

// Sentiment implements Engine.
func (r Remote) Sentiment(ctx context.Context, text string) (Sentiment, error) {
	found, err := r.API.Sentiment(ctx, text)
	return Sentiment{Label: found.Label, Score: found.Score}, err
}

// Hashtags implements Engine.
func (r Remote) Hashtags(ctx context.Context, content string) ([]string, error) {
	return r.API.Hashtags(ctx, content)
}

// Optimize implements Engine.
func (r Remote) Optimize(ctx context.Context, content, kind string) (string, error) {
	return r.API.Optimize(ctx, content, kind)
}
