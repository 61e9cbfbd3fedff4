package analysis

import (
	"context"

	"github.com/postwright/postwright/internal/vendors/analysisapi"
)

// APIEngine is the engine behind the analysis API, which does not tell its model.
type APIEngine struct{ Client *analysisapi.Client }

// Name implements Engine.
func (APIEngine) Name() string { return API }

// Sentiment implements Engine.
func (e APIEngine) Sentiment(ctx context.Context, text string) (Sentiment, Model, error) {
	found, err := e.Client.Sentiment(ctx, text)
	return Sentiment{Label: found.Label, Score: found.Score}, Model{}, err
}

// Hashtags implements Engine.
func (e APIEngine) Hashtags(ctx context.Context, content string) ([]string, Model, error) {
	tags, err := e.Client.Hashtags(ctx, content)
	return tags, Model{}, err
}

// Optimize implements Engine.
func (e APIEngine) Optimize(ctx context.Context, content, kind string) (string, Model, error) {
	optimized, err := e.Client.Optimize(ctx, content, kind)
	return optimized, Model{}, err
}
