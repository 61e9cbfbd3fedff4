// Package analysisapi is the adapter over the analysis API: one function per operation, each of which turns every
// possible answer into a value or a fault. It must not know what the answers are used for.
package analysisapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/postwright/postwright/gen/analysis"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
	"github.com/postwright/postwright/internal/vendors/endpoint"
)

// Vendor is the analysis API's name in metrics and faults.
const Vendor = "analysis"

// TokenSetting names the token in faults of the configuration.
const TokenSetting = "analysis token"

// Config says how to reach the analysis API.
type Config struct {
	URL   string
	Token string // sent as bearer; "" for a service that wants none
}

// Faults lists everything that is wrong with the configuration.
func (c Config) Faults() []fault.Field {
	return slices.Concat(endpoint.CheckURL("analysis URL", c.URL), endpoint.CheckToken(TokenSetting, c.Token))
}

// Client calls the analysis API. It is safe for concurrent use.
type Client struct {
	api    *analysis.Client
	answer answer.Reader
}

// New returns a Client on an HTTP client of the seam. A faulty configuration is an Invalid fault.
func New(cfg Config, seam *http.Client, now answer.Clock) (*Client, error) {
	if err := fault.Fields(cfg.Faults()...); err != nil {
		return nil, err
	}
	api, err := analysis.NewClient(cfg.URL, analysis.WithHTTPClient(seam), analysis.WithRequestEditorFn(endpoint.Bearer(cfg.Token)))
	if err != nil {
		return nil, fmt.Errorf("make the analysis client: %w", err)
	}
	return &Client{api: api, answer: answer.Reader{Vendor: Vendor, Refine: answer.RefineErrorObject, Now: now}}, nil
}

// Sentiment is how a text sounds.
type Sentiment struct {
	Label string  // "negative", "neutral" or "positive"
	Score float64 // -1 to 1
}

// Sentiment asks how a text sounds. An answer outside the bounds above is a fault.
func (c *Client) Sentiment(ctx context.Context, text string) (Sentiment, error) {
	const operation = "analyzeSentiment"
	resp, err := c.api.AnalyzeSentiment(outbound.WithOperation(ctx, operation), analysis.AnalyzeSentimentJSONRequestBody{Text: text})
	found, err := answer.Decode[struct {
		Label *string  `json:"label"`
		Score *float64 `json:"score"` // JSON has no NaN
	}](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return Sentiment{}, err
	}
	if found.Label == nil || found.Score == nil {
		return Sentiment{}, c.answer.Unusable(operation, resp, errors.New("the answer lacks label or score"))
	}
	label := strings.ToLower(*found.Label)
	if (label != "negative" && label != "neutral" && label != "positive") || *found.Score < -1 || *found.Score > 1 {
		return Sentiment{}, c.answer.Unusable(operation, resp, fmt.Errorf("label %q with score %v", answer.Legible(label), *found.Score))
	}
	return Sentiment{Label: label, Score: *found.Score}, nil
}

// Hashtags asks for hashtags, best first, without "#". None is an answer.
func (c *Client) Hashtags(ctx context.Context, content string) ([]string, error) {
	const operation = "generateHashtags"
	resp, err := c.api.GenerateHashtags(outbound.WithOperation(ctx, operation), analysis.GenerateHashtagsJSONRequestBody{Content: content})
	found, err := answer.Decode[struct {
		Hashtags []string `json:"hashtags"`
	}](c.answer, operation, http.StatusOK, resp, err, "hashtags")
	if err != nil {
		return nil, err
	}
	for i, tag := range found.Hashtags {
		bare := strings.TrimPrefix(strings.TrimSpace(tag), "#")
		if bare == "" {
			return nil, c.answer.Unusable(operation, resp, fmt.Errorf("hashtag %d is empty", i))
		}
		found.Hashtags[i] = bare
	}
	return found.Hashtags, nil
}

// Optimize asks for a better text: engagement, clarity, brevity or professional_tone. Where the vendor answers with none
// it is the content unchanged.
func (c *Client) Optimize(ctx context.Context, content, optimizationType string) (string, error) {
	const operation = "optimizeContent"
	resp, err := c.api.OptimizeContent(outbound.WithOperation(ctx, operation), analysis.OptimizeContentJSONRequestBody{
		Content: content, OptimizationType: optimizationType,
	})
	found, err := answer.Decode[struct {
		OptimizedContent *string `json:"optimized_content"`
	}](c.answer, operation, http.StatusOK, resp, err, "optimized_content")
	if err != nil {
		return "", err
	}
	if found.OptimizedContent == nil {
		return content, nil
	}
	return *found.OptimizedContent, nil
}
