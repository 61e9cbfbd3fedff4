package analysis

import (
	"cmp"
	"context"
	"math"
	"sync"

	"github.com/google/uuid"

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
	// Missing are the questions that no engine answered: what is of them here is zero.
	Missing []Missing
}

// Missing is a question about a post that no engine answered, and why, as a caller may know it.
type Missing struct{ Operation, Reason, Message string }

// AnalyzePost analyses a post of the owner and keeps what was found, each answer as a version. What no engine answered is missing; it
// fails where nothing was answered. A text that changes meanwhile is a Stale fault. A post without hashtags that nobody has approved
// gets the suggested ones, as many as its text has room for.
func (s *Service) AnalyzePost(ctx context.Context, ownerID, id uuid.UUID) (Report, error) {
	post, err := s.posts.Get(ctx, ownerID, id)
	if err != nil {
		return Report{}, err
	}
	sentiment, tags, optimized, missing, err := s.askAll(ctx, post.Content)
	if err != nil {
		return Report{}, err
	}
	report := Report{Post: post, Readability: Readability(post.Content), Missing: missing}
	var answers []versions.Answer
	if sentiment != nil {
		report.Sentiment, answers = sentiment.Source, append(answers, sentimentVersion(*sentiment))
	}
	if tags != nil {
		report.Hashtags, answers = tags.Source, append(answers, hashtagsVersion(*tags))
	}
	if optimized != nil {
		report.Optimized, answers = *optimized, append(answers, optimizationVersion(*optimized, ForEngagement))
	}
	numbers, err := s.keep(ctx, post, func(tx *postgres.Tx) error {
		if sentiment == nil {
			return nil
		}
		_, err := s.queries.AnalysisPut(ctx, tx, db.AnalysisPutParams{
			PostID: id, OwnerID: ownerID, SentimentLabel: sentiment.Value.Label, SentimentScore: sentiment.Value.Score,
			ReadabilityScore: report.Readability.ease(), Content: post.Content, Now: s.now(),
		})
		return err
	}, answers...)
	if err != nil {
		return Report{}, err
	}
	if optimized != nil {
		report.OptimizedVersion = numbers[len(numbers)-1] // it is the last of the answers
	}
	if tags != nil && len(post.Hashtags) == 0 {
		report.Post, err = s.giveHashtags(ctx, post, tags.Value)
	}
	return report, err
}

// askAll asks the three questions about a text at once, each to its end whatever becomes of the others. An answer is nil where it is
// missing. It fails where there is none at all, or the caller has left.
func (s *Service) askAll(ctx context.Context, content string) (
	sentiment *Answer[Sentiment], tags *Answer[[]string], optimized *Answer[string], missing []Missing, failed error,
) {
	var calls sync.WaitGroup
	var faults [3]error
	calls.Go(func() { sentiment, faults[0] = orNone(s.Sentiment(ctx, content)) })
	calls.Go(func() { tags, faults[1] = orNone(s.Hashtags(ctx, HashtagsInput{Content: content})) })
	calls.Go(func() { optimized, faults[2] = orNone(s.Optimize(ctx, OptimizeInput{Content: content})) })
	calls.Wait()
	for i, err := range faults {
		if err != nil {
			f := fault.Of(err)
			missing = append(missing, Missing{
				Operation: [...]string{"sentiment", "hashtags", "optimization"}[i], Reason: reasonOf(f), Message: f.Message,
			})
		}
	}
	if len(missing) == len(faults) || ctx.Err() != nil {
		failed = cmp.Or(faults[0], faults[1], faults[2], ctx.Err())
	}
	return sentiment, tags, optimized, missing, failed
}

func orNone[T any](answer Answer[T], err error) (*Answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer, nil
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
