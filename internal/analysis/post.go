package analysis

import (
	"cmp"
	"context"
	"math"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/versions"
)

// Report is what the analysis of a post found.
type Report struct {
	Post        posts.Post
	Readability Reading
	// Optimized is the content improved for engagement, a suggestion that is kept as the version OptimizedVersion.
	Optimized        Answer[string]
	OptimizedVersion int32
	// Sentiment and Hashtags are who said how the text sounds, and who suggested hashtags.
	Sentiment, Hashtags Source
}

// AnalyzePost analyses a post of the owner and keeps what was found, each answer as a version. A text that changes meanwhile is a
// Stale fault. A post without hashtags that nobody has approved gets the suggested ones, as many as its text has room for.
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
	reading := Readability(post.Content)
	numbers, err := s.keep(ctx, post, func(tx *postgres.Tx) error {
		_, err := s.queries.AnalysisPut(ctx, tx, db.AnalysisPutParams{
			PostID: id, OwnerID: ownerID, SentimentLabel: sentiment.Value.Label, SentimentScore: sentiment.Value.Score,
			ReadabilityScore: reading.ease(), Content: post.Content, Now: s.now(),
		})
		return err
	}, sentimentVersion(sentiment), hashtagsVersion(tags), optimizationVersion(optimized, ForEngagement))
	if err != nil {
		return Report{}, err
	}
	if len(post.Hashtags) == 0 {
		if post, err = s.giveHashtags(ctx, post, tags.Value); err != nil {
			return Report{}, err
		}
	}
	return Report{
		Post: post, Readability: reading, Optimized: optimized, OptimizedVersion: numbers[2], Sentiment: sentiment.Source, Hashtags: tags.Source,
	}, nil
}

// OptimizePostInput asks for a better text for a post.
type OptimizePostInput struct {
	OwnerID, ID uuid.UUID
	Kind        string // "" is taken as ForEngagement
}

// Suggestion is a text suggested in place of a post's, and the version that keeps it.
type Suggestion struct {
	Optimized Answer[string]
	Version   int32
}

// OptimizePost suggests a better text for a post of the owner, which stays as it is. A text that changes meanwhile is a Stale fault.
func (s *Service) OptimizePost(ctx context.Context, in OptimizePostInput) (Suggestion, error) {
	post, err := s.posts.Get(ctx, in.OwnerID, in.ID)
	if err != nil {
		return Suggestion{}, err
	}
	kind := cmp.Or(in.Kind, ForEngagement)
	optimized, err := s.Optimize(ctx, OptimizeInput{Content: post.Content, Kind: kind})
	if err != nil {
		return Suggestion{}, err
	}
	numbers, err := s.keep(ctx, post, func(*postgres.Tx) error { return nil }, optimizationVersion(optimized, kind))
	if err != nil {
		return Suggestion{}, err
	}
	return Suggestion{Optimized: optimized, Version: numbers[0]}, nil
}

// keep keeps answers about a post's text as versions, and what put does, if the post still has the text. It returns their numbers.
func (s *Service) keep(
	ctx context.Context, post posts.Post, put func(*postgres.Tx) error, answers ...versions.Answer,
) (numbers []int32, err error) {
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		text, made, err := s.versions.Lock(ctx, tx, post.OwnerID, post.ID)
		if err != nil {
			return posts.NotFound(err) // deleted while engines were asked
		}
		if text != post.Content {
			return fault.New(fault.Stale, "The post's text changed while it was analysed: analyse it again.").WithReason("TEXT_CHANGED")
		}
		if err := put(tx); err != nil {
			return err
		}
		numbers, err = s.versions.PutAnswers(ctx, tx, post.ID, text, made, s.now(), answers...)
		return err
	})
	return numbers, err
}

func sentimentVersion(found Answer[Sentiment]) versions.Answer {
	v := answeredBy(versions.Sentiment, found.Source)
	v.SentimentLabel, v.SentimentScore = found.Value.Label, &found.Value.Score
	return v
}

func hashtagsVersion(suggested Answer[[]string]) versions.Answer {
	v := answeredBy(versions.Hashtags, suggested.Source)
	v.Hashtags = suggested.Value
	return v
}

func optimizationVersion(optimized Answer[string], kind string) versions.Answer {
	v := answeredBy(versions.Optimization, optimized.Source)
	v.Content, v.OptimizationType = optimized.Value, kind
	return v
}

func answeredBy(kind string, source Source) versions.Answer {
	return versions.Answer{
		Kind: kind, Engine: source.Engine, Model: source.Name, ModelVersion: source.Version, PromptHash: source.PromptHash,
		Usage: versions.Usage{
			InputTokens: int64(source.Usage.InputTokens), OutputTokens: int64(source.Usage.OutputTokens),
			CostMicros: int64(math.Round(source.Usage.Cost * 1e6)),
		},
	}
}

// giveHashtags adds the hashtags that fit to a post. A post that is approved goes out as it was approved; one that has changed meanwhile
// keeps what it has too: the author's work comes first.
func (s *Service) giveHashtags(ctx context.Context, post posts.Post, tags []string) (posts.Post, error) {
	for len(tags) > 0 && posts.UTF16Units(posts.Compose(post.Content, tags)) > posts.MaxTextUnits {
		tags = tags[:len(tags)-1]
	}
	if len(tags) == 0 || post.State != posts.StateDraft && post.State != posts.StateFailed {
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
