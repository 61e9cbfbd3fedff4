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

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
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

// Service analyses texts and posts. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	posts    *posts.Service
	engines  []Engine
	observer Observer
	now      func() time.Time
}

// Dependencies are what a Service stands on; all are required.
type Dependencies struct {
	Store *postgres.Store
	Posts *posts.Service
	// Engines are asked in this order; each where those before it gave no answer. There is one at least.
	Engines  []Engine
	Observer Observer
	Now      func() time.Time
}

// New returns a Service that asks the engines and stores what it learns about posts.
func New(d Dependencies) *Service {
	return &Service{store: d.Store, queries: db.New(), posts: d.Posts, engines: d.Engines, observer: d.Observer, now: d.Now}
}

// Sentiment says how a text sounds.
func (s *Service) Sentiment(ctx context.Context, text string) (Answer[Sentiment], error) {
	return ask(ctx, s, "sentiment", func(e Engine) (Sentiment, Model, error) { return e.Sentiment(ctx, text) })
}

// HashtagsInput asks for hashtags for a text.
type HashtagsInput struct {
	Content string
	Limit   int // 0 is taken as DefaultHashtags
}

// Hashtags suggests at most Limit hashtags, without "#", best first. Suggestions that a post could not carry are left out.
func (s *Service) Hashtags(ctx context.Context, in HashtagsInput) (Answer[[]string], error) {
	limit := cmp.Or(in.Limit, DefaultHashtags)
	suggested, err := ask(ctx, s, "hashtags", func(e Engine) ([]string, Model, error) { return e.Hashtags(ctx, in.Content) })
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
	return ask(ctx, s, "optimization", func(e Engine) (string, Model, error) {
		optimized, model, err := e.Optimize(ctx, in.Content, cmp.Or(in.Kind, ForEngagement))
		if err == nil && !utf8.ValidString(optimized) {
			err = fault.New(fault.VendorUnavailable, "The analysis engine answered with broken text.")
		}
		return optimized, model, err
	})
}

// Report is what the analysis of a post found.
type Report struct {
	Post posts.Post
	// Optimized is the content improved for engagement; it is not stored.
	Optimized Answer[string]
	// Sentiment and Hashtags are who said how the text sounds, and who suggested hashtags.
	Sentiment, Hashtags Source
}

// AnalyzePost analyses a post of the owner and stores the result. A text that changes meanwhile is a Stale fault. A post without
// hashtags that can still change gets the suggested ones, as many as its text has room for.
func (s *Service) AnalyzePost(ctx context.Context, ownerID, id uuid.UUID) (Report, error) {
	post, err := s.posts.Get(ctx, ownerID, id)
	if err != nil {
		return Report{}, err
	}
	var sentiment Answer[Sentiment]
	var tags Answer[[]string]
	var optimized Answer[string]
	calls, callCtx := errgroup.WithContext(ctx)
	calls.Go(func() (err error) { sentiment, err = s.Sentiment(callCtx, post.Content); return err })
	calls.Go(func() (err error) { tags, err = s.Hashtags(callCtx, HashtagsInput{Content: post.Content}); return err })
	calls.Go(func() (err error) {
		optimized, err = s.Optimize(callCtx, OptimizeInput{Content: post.Content})
		return err
	})
	if err := calls.Wait(); err != nil {
		return Report{}, err
	}
	kept, err := s.queries.AnalysisPut(ctx, s.store, db.AnalysisPutParams{
		PostID: id, OwnerID: ownerID, SentimentLabel: sentiment.Value.Label, SentimentScore: sentiment.Value.Score,
		ReadabilityScore: Readability(post.Content), Content: post.Content, Now: s.now(),
	})
	if err != nil {
		return Report{}, err
	}
	if kept == 0 {
		if _, err := s.posts.Get(ctx, ownerID, id); err != nil {
			return Report{}, err // deleted while it was analysed
		}
		return Report{}, fault.New(fault.Stale, "The post's text changed while it was analysed: analyse it again.").WithReason("TEXT_CHANGED")
	}
	if len(post.Hashtags) == 0 {
		if post, err = s.giveHashtags(ctx, post, tags.Value); err != nil {
			return Report{}, err
		}
	}
	return Report{Post: post, Optimized: optimized, Sentiment: sentiment.Source, Hashtags: tags.Source}, nil
}

// giveHashtags adds the hashtags that fit to a post. A post that has changed meanwhile, or is on its way, keeps what it
// has: the author's work comes first.
func (s *Service) giveHashtags(ctx context.Context, post posts.Post, tags []string) (posts.Post, error) {
	for len(tags) > 0 && posts.UTF16Units(posts.Compose(post.Content, tags)) > posts.MaxTextUnits {
		tags = tags[:len(tags)-1]
	}
	if len(tags) == 0 {
		return post, nil
	}
	changed, err := s.posts.Update(ctx, posts.UpdateInput{
		OwnerID: post.OwnerID, ID: post.ID, Fields: []string{"hashtags"}, Draft: posts.Draft{Hashtags: tags}, Etag: post.Etag(),
	})
	if fault.Is(err, fault.Stale) || fault.Is(err, fault.Precondition) {
		return s.posts.Get(ctx, post.OwnerID, post.ID)
	}
	return changed, err
}
