// Package versions owns what becomes of a post's text: the texts that it has and had, what engines found in them or suggest in their
// place, and what differs between two of them.
//
// It must not know who may change a post, nor how an engine is asked.
package versions

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// The kinds of version.
const (
	Text         = "text"         // one that the post has or had
	Sentiment    = "sentiment"    // how a text sounds
	Hashtags     = "hashtags"     // what was suggested for a text
	Optimization = "optimization" // a text suggested in place of another
)

// How many versions of a post are kept: the newest.
const (
	MaxTexts   = 100
	MaxAnswers = 100 // of engines
)

// maxName is how many characters of what an engine calls its model are kept.
const maxName = 200

// Service keeps the versions. It is safe for concurrent use.
type Service struct {
	store   *postgres.Store
	queries *db.Queries
}

// New returns a Service that keeps versions in store.
func New(store *postgres.Store) *Service { return &Service{store: store, queries: db.New()} }

// Change is a change of a post's text.
type Change struct {
	PostID uuid.UUID
	// Before is the text until now, and Since when the post was made.
	Before string
	Since  time.Time
	After  string
	At     time.Time
	// Source is the number of the optimisation that After comes from; 0 for a text of the author's own.
	Source int32
}

// PutChange keeps both texts of a change, in the transaction that makes it and has the post locked.
func (s *Service) PutChange(ctx context.Context, tx *postgres.Tx, change Change) error {
	if _, err := s.textNumber(ctx, tx, change.PostID, change.Before, change.Since); err != nil {
		return err
	}
	number, err := s.put(ctx, tx, change.PostID, change.At, 0, Answer{Kind: Text, Content: change.After}, change.Source)
	if err != nil {
		return err
	}
	return s.deleteOldest(ctx, tx, change.PostID, number)
}

// SourceFaults says what is wrong with the optimisation that a change is said to come from; 0 is none.
func (s *Service) SourceFaults(ctx context.Context, tx *postgres.Tx, postID uuid.UUID, number int32) ([]fault.Field, error) {
	if number == 0 {
		return nil, nil
	}
	is, err := s.queries.PostVersionIsOptimization(ctx, tx, db.PostVersionIsOptimizationParams{PostID: postID, Number: number})
	if err != nil || is {
		return nil, err
	}
	return []fault.Field{{
		Path: "sourceVersion", Problem: "is no optimisation of this post: ListPostVersions shows them; leave it out for a text of your own",
	}}, nil
}

// Answer is what an engine found in a text, or suggests in its place.
type Answer struct {
	Kind             string // Sentiment, Hashtags or Optimization
	Content          string // of an Optimization
	OptimizationType string // of an Optimization
	SentimentLabel   string // of a Sentiment
	SentimentScore   *float64
	Hashtags         []string

	Engine, Model, ModelVersion, PromptHash string
	Usage                                   Usage
}

// Usage is what an answer took; the zero Usage is of an engine that does not tell.
type Usage struct {
	InputTokens, OutputTokens int64
	CostMicros                int64 // millionths of the currency
}

// Lock locks a post of the owner until the transaction ends, so that its text stays as it is: what PutAnswers is told of. Its text
// is returned, with when the post was made. A post that is not there is a NotFound fault.
func (s *Service) Lock(ctx context.Context, tx *postgres.Tx, ownerID, postID uuid.UUID) (text string, made time.Time, err error) {
	post, err := s.queries.PostVersionLockPost(ctx, tx, db.PostVersionLockPostParams{PostID: postID, OwnerID: ownerID})
	return post.Content, post.CreatedAt, err
}

// PutAnswers keeps what engines answered about the text of a post that the transaction has locked, and returns their numbers.
func (s *Service) PutAnswers(
	ctx context.Context, tx *postgres.Tx, postID uuid.UUID, text string, made, at time.Time, answers ...Answer,
) (numbers []int32, err error) {
	about, err := s.textNumber(ctx, tx, postID, text, made)
	if err != nil {
		return nil, err
	}
	var number int32
	for _, answer := range answers {
		if number, err = s.put(ctx, tx, postID, at, about, answer, 0); err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, s.deleteOldest(ctx, tx, postID, number)
}

// textNumber is the number of the text that a post has, which is kept if it is not yet.
func (s *Service) textNumber(ctx context.Context, tx *postgres.Tx, postID uuid.UUID, text string, since time.Time) (int32, error) {
	newest, err := s.queries.PostVersionNewestText(ctx, tx, postID)
	switch {
	case err == nil && newest.Content == text:
		return newest.Number, nil
	case err != nil && !fault.Is(err, fault.NotFound):
		return 0, err
	}
	return s.put(ctx, tx, postID, since, 0, Answer{Kind: Text, Content: text}, 0)
}

func (s *Service) put(
	ctx context.Context, tx *postgres.Tx, postID uuid.UUID, at time.Time, about int32, v Answer, source int32,
) (int32, error) {
	hashtags := v.Hashtags
	if hashtags == nil {
		hashtags = []string{}
	}
	return s.queries.PostVersionPut(ctx, tx, db.PostVersionPutParams{
		PostID: postID, Kind: v.Kind, TextNumber: about, Content: v.Content, SourceNumber: source, OptimizationType: v.OptimizationType,
		SentimentLabel: v.SentimentLabel, SentimentScore: v.SentimentScore, Hashtags: hashtags,
		Engine: v.Engine, Model: name(v.Model), ModelVersion: name(v.ModelVersion), PromptHash: v.PromptHash,
		InputTokens: v.Usage.InputTokens, OutputTokens: v.Usage.OutputTokens, CostMicros: v.Usage.CostMicros, CreatedAt: at,
	})
}

// name is what a server calls its model, so that it can be kept.
func name(told string) string {
	return fault.Clip(strings.ReplaceAll(strings.ToValidUTF8(told, "\uFFFD"), "\x00", "\uFFFD"), maxName)
}

// deleteOldest deletes what is more than is kept of a post; number is that of its newest version.
func (s *Service) deleteOldest(ctx context.Context, tx *postgres.Tx, postID uuid.UUID, number int32) error {
	if number <= min(MaxTexts, MaxAnswers) { // there are no more than that
		return nil
	}
	_, err := s.queries.PostVersionDeleteOldest(ctx, tx, db.PostVersionDeleteOldestParams{
		PostID: postID, OtherTexts: MaxTexts - 1, OtherAnswers: MaxAnswers - 1,
	})
	return err
}
