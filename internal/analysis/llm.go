package analysis

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/lexical"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/llmapi"
)

// Meter counts what questions to a language model take, whatever comes of them.
type Meter interface {
	Spent(operation string, inputTokens, outputTokens int, cost float64)
}

// LLMSettings bound what the language model costs.
type LLMSettings struct {
	MaxTokens   int   // of one answer
	DailyTokens int64 // of all questions and answers of a day (UTC), over all processes; 0 for no limit
	// Of a million tokens; 0 where they cost nothing, or nobody wants to know.
	InputPrice, OutputPrice float64
}

// LLMEngine is the engine that asks a language model. It trusts none of its answers: each is held against what was asked for, as a
// post may tell the model to answer otherwise.
type LLMEngine struct {
	client   *llmapi.Client
	budget   budget
	settings LLMSettings
	meter    Meter
}

// LLMDependencies are what an LLMEngine stands on; all are required.
type LLMDependencies struct {
	Client   *llmapi.Client
	Store    *postgres.Store
	Settings LLMSettings
	Meter    Meter
	Now      func() time.Time
}

// NewLLMEngine returns the engine.
func NewLLMEngine(d LLMDependencies) LLMEngine {
	return LLMEngine{
		client: d.Client, settings: d.Settings, meter: d.Meter,
		budget: budget{store: d.Store, queries: db.New(), daily: d.Settings.DailyTokens, now: d.Now},
	}
}

// Name implements Engine.
func (LLMEngine) Name() string { return LLM }

// Sentiment implements Engine.
func (e LLMEngine) Sentiment(ctx context.Context, content string) (found Sentiment, model Model, err error) {
	model, err = e.ask(ctx, "sentiment", sentimentPrompt, content, func(object []byte) (err error) {
		found, err = readSentiment(object)
		return err
	})
	return found, model, err
}

// Hashtags implements Engine.
func (e LLMEngine) Hashtags(ctx context.Context, content string) (tags []string, model Model, err error) {
	model, err = e.ask(ctx, "hashtags", hashtagsPrompt, content, func(object []byte) (err error) {
		tags, err = readHashtags(object, content)
		return err
	})
	return tags, model, err
}

// Optimize implements Engine.
func (e LLMEngine) Optimize(ctx context.Context, content, kind string) (optimized string, model Model, err error) {
	p, known := rewritePrompts[kind]
	if !known {
		return "", Model{}, fault.Newf(fault.Internal, "There is no prompt for %q.", kind)
	}
	model, err = e.ask(ctx, "optimization", p, content, func(object []byte) (err error) {
		optimized, err = readRewrite(object, p, content, kind)
		return err
	})
	return optimized, model, err
}

// ask asks one question within the day's budget. What read finds wrong with the answer is told to callers.
func (e LLMEngine) ask(ctx context.Context, operation string, p prompt, content string, read func(object []byte) error) (Model, error) {
	asked, err := json.Marshal(map[string]string{"text": content}) // quoted, so that no text can end where it does not
	if err != nil {
		return Model{}, fault.New(fault.Internal, "The question to the language model could not be made.").WithCause(err)
	}
	input := p.inputTokens(len(asked))
	set, err := e.budget.reserve(ctx, mostTokens(input, e.settings.MaxTokens))
	if err != nil {
		return Model{}, err
	}
	reply, err := e.client.Ask(ctx, llmapi.Question{
		System: p.system, User: string(asked), Name: p.name, Schema: p.schema, Required: p.required, MaxTokens: e.settings.MaxTokens,
		MayRepeat: set.again,
	}, read)
	used := reply.Usage
	answered := err == nil || reply != (llmapi.Reply{})
	if answered && used.InputTokens == 0 {
		used.InputTokens = input
	}
	if answered && used.OutputTokens == 0 {
		used.OutputTokens = tokens(reply.Bytes)
	}
	switch {
	case answered:
		set.settle(ctx, int64(used.InputTokens)+int64(used.OutputTokens), reply.Again)
	case !fault.Of(err).Doubt:
		set.settle(ctx, 0, false)
	} // or else it may have been worked on: what was set aside stays counted
	usage := Usage{
		InputTokens: used.InputTokens, OutputTokens: used.OutputTokens,
		Cost: (float64(used.InputTokens)*e.settings.InputPrice + float64(used.OutputTokens)*e.settings.OutputPrice) / 1e6,
	}
	e.meter.Spent(operation, usage.InputTokens, usage.OutputTokens, usage.Cost)
	if err != nil {
		return Model{Usage: usage}, err
	}
	name := reply.Model
	if strings.TrimSpace(name) == "" {
		name = e.client.Model()
	}
	return Model{Name: name, Version: "prompts " + PromptVersion + " " + p.hash[:12], PromptHash: p.hash, Usage: usage}, nil
}

// mostTokens is what is set aside for a question: no tokenizer is that far off four bytes a token.
func mostTokens(input, answer int) int64 { return int64(2*input + answer) }

// LeastDailyTokens is how many tokens a day must have for the three questions about the longest post, by how many an answer may have.
func LeastDailyTokens(maxTokens int) (least int64) {
	const longest = 3*posts.MaxTextUnits + len(`{"text":""}`) // in UTF-8
	for _, p := range []prompt{sentimentPrompt, hashtagsPrompt, rewritePrompts[ForEngagement]} {
		least += mostTokens(p.inputTokens(longest), maxTokens)
	}
	return least
}

// inputTokens is about how many tokens the prompt takes with so many bytes to work on.
func (p prompt) inputTokens(asked int) int {
	schema, _ := json.Marshal(p.schema) // it could be when the prompt was made
	return tokens(len(p.system) + len(schema) + asked)
}

// tokens is about how many tokens so many bytes of text are.
func tokens(bytes int) int { return (bytes + 3) / 4 }

// errWrongSchema is what is said of an object with the right members of the wrong kind.
var errWrongSchema = errors.New("it is not of the form that was asked for")

func readSentiment(object []byte) (Sentiment, error) {
	var found struct {
		Label *string  `json:"label"`
		Score *float64 `json:"score"`
	}
	if json.Unmarshal(object, &found) != nil || found.Label == nil || found.Score == nil {
		return Sentiment{}, errWrongSchema
	}
	s := Sentiment{Label: strings.ToLower(*found.Label), Score: *found.Score}
	switch {
	case s.Label != Negative && s.Label != Neutral && s.Label != Positive:
		return Sentiment{}, errors.New("its label is none of negative, neutral and positive")
	case s.Score < -1 || s.Score > 1:
		return Sentiment{}, errors.New("its score is not between -1 and 1")
	case s.Label == Negative && s.Score > 0, s.Label == Positive && s.Score < 0:
		return Sentiment{}, errors.New("its label and its score contradict each other")
	}
	return s, nil
}

// maxSuggested bounds the hashtags that are looked at.
const maxSuggested = 100

// readHashtags leaves out what no post can carry, and what the text does not speak of. Where nothing is left of what was suggested,
// the suggestions are no answer.
func readHashtags(object []byte, content string) ([]string, error) {
	var found struct {
		Hashtags []string `json:"hashtags"`
	}
	if json.Unmarshal(object, &found) != nil || found.Hashtags == nil {
		return nil, errWrongSchema
	}
	if len(found.Hashtags) > maxSuggested {
		return nil, errors.New("it has far too many hashtags")
	}
	tags, said := []string{}, newWording(content)
	for _, tag := range found.Hashtags {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "#")
		fits := len(tags) < posts.MaxHashtags && len(posts.Draft{Content: "-", Hashtags: append(tags, tag)}.Faults("")) == 0
		if fits && !lexical.IsStopWord(tag) && said.derives(tag) {
			tags = append(tags, tag)
		}
	}
	if len(tags) == 0 && len(found.Hashtags) > 0 {
		return nil, errors.New("none of its hashtags comes from the text")
	}
	return tags, nil
}
