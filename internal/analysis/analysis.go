// Package analysis says how a text sounds and reads, suggests hashtags, and improves it. The engines that do so are asked in an
// order that is configured, and each answer says which of them gave it; readability is computed here.
//
// It must not know how a post is published or what LinkedIn counts.
package analysis

import (
	"cmp"
	"context"
	"time"
	"unicode/utf8"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/versions"
)

// The labels of a sentiment.
const (
	Negative = "negative"
	Neutral  = "neutral"
	Positive = "positive"
)

// Sentiment is how a text sounds.
type Sentiment struct {
	Label string  // Negative, Neutral or Positive
	Score float64 // -1 to 1
}

// The kinds of optimisation.
const (
	ForEngagement       = "engagement"
	ForClarity          = "clarity"
	ForBrevity          = "brevity"
	ForProfessionalTone = "professional_tone"
)

// The engines' names.
const (
	API     = "api"     // the analysis API
	LLM     = "llm"     // a language model
	Builtin = "builtin" // this program's own
)

// DefaultHashtags is how many hashtags are suggested when nobody asks for another number.
const DefaultHashtags = 5

// maxOptimized is how many characters an optimised text may have: as many as one that is to be optimised.
const maxOptimized = 10_000

// Service analyses texts and posts. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	posts    *posts.Service
	versions *versions.Service
	engines  []Engine
	observer Observer
	now      func() time.Time
}

// Dependencies are what a Service stands on; all are required.
type Dependencies struct {
	Store    *postgres.Store
	Posts    *posts.Service
	Versions *versions.Service
	// Engines are asked in this order; each where those before it gave no answer. There is one at least.
	Engines  []Engine
	Observer Observer
	Now      func() time.Time
}

// New returns a Service that asks the engines and stores what it learns about posts.
func New(d Dependencies) *Service {
	return &Service{
		store: d.Store, queries: db.New(), posts: d.Posts, versions: d.Versions, engines: d.Engines, observer: d.Observer, now: d.Now,
	}
}

// Sentiment says how a text sounds.
func (s *Service) Sentiment(ctx context.Context, text string) (Answer[Sentiment], error) {
	return ask(ctx, s, "sentiment", func(ctx context.Context, e Engine) (Sentiment, Model, error) { return e.Sentiment(ctx, text) })
}

// HashtagsInput asks for hashtags for a text.
type HashtagsInput struct {
	Content string
	Limit   int // 0 is taken as DefaultHashtags
}

// Hashtags suggests at most Limit hashtags, without "#", best first. Suggestions that a post could not carry are left out.
func (s *Service) Hashtags(ctx context.Context, in HashtagsInput) (Answer[[]string], error) {
	limit := cmp.Or(in.Limit, DefaultHashtags)
	suggested, err := ask(ctx, s, "hashtags", func(ctx context.Context, e Engine) ([]string, Model, error) {
		return e.Hashtags(ctx, in.Content)
	})
	if err != nil {
		return Answer[[]string]{}, err
	}
	tags := make([]string, 0, limit)
	for _, tag := range suggested.Value {
		if len(tags) == limit {
			break
		}
		candidate := posts.Draft{Content: "-", Hashtags: append(tags, tag)}
		if len(candidate.Faults("")) == 0 {
			tags = append(tags, tag)
		}
	}
	return Answer[[]string]{Value: tags, Source: suggested.Source}, nil
}

// OptimizeInput asks for a text to be rewritten.
type OptimizeInput struct {
	Content string
	Kind    string // "" is taken as ForEngagement
}

// Optimize rewrites a text.
func (s *Service) Optimize(ctx context.Context, in OptimizeInput) (Answer[string], error) {
	return ask(ctx, s, "optimization", func(ctx context.Context, e Engine) (string, Model, error) {
		optimized, model, err := e.Optimize(ctx, in.Content, cmp.Or(in.Kind, ForEngagement))
		switch {
		case err != nil:
		case !postgres.Storable(optimized):
			err = fault.New(fault.VendorUnavailable, "The analysis engine answered with broken text.")
		case utf8.RuneCountInString(optimized) > maxOptimized:
			err = fault.Newf(fault.VendorUnavailable, "The analysis engine answered with a text of more than %d characters.", maxOptimized)
		}
		return optimized, model, err
	})
}
