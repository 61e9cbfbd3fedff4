package analysis

import (
	"context"

	"github.com/postwright/postwright/internal/vendors/analysisapi"
)

// RemoteEngine is the engine behind the analysis API.
type RemoteEngine struct{ API *analysisapi.Client }

// Sentiment implements Engine.
func (r RemoteEngine) Sentiment(ctx context.Context, text string) (Sentiment, error) {
	found, err := r.API.Sentiment(ctx, text)
	return Sentiment{Label: found.Label, Score: found.Score}, err
}

// Hashtags implements Engine.
func (r RemoteEngine) Hashtags(ctx context.Context, content string) ([]string, error) {
	return r.API.Hashtags(ctx, content)
}

// Optimize implements Engine.
func (r RemoteEngine) Optimize(ctx context.Context, content, kind string) (string, error) {
	return r.API.Optimize(ctx, content, kind)
}
