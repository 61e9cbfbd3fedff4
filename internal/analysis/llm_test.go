package analysis_test

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/llmapi"
)

// bill is what a meter was told.
type bill struct {
	mu            sync.Mutex
	calls         int
	input, output int
	cost          float64
}

func (b *bill) Spent(_ string, input, output int, cost float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls, b.input, b.output, b.cost = b.calls+1, b.input+input, b.output+output, b.cost+cost
}

func llmSettings() analysis.LLMSettings {
	return analysis.LLMSettings{MaxTokens: 4096, DailyTokens: 1_000_000, InputPrice: 2, OutputPrice: 8}
}

// llm is an engine that asks the sandbox's model, over real HTTP and the seam.
func (w *world) llm(settings analysis.LLMSettings) (analysis.LLMEngine, *bill) {
	w.t.Helper()
	policies := outbound.DefaultPolicies()
	policies.Breaker.Failures = 100 // each question is to be asked
	chat := policies.Default
	chat.Repeat, chat.Attempts = llmapi.Repeats()["createChatCompletion"], 2
	policies.Of = map[outbound.Operation]outbound.Policy{{Vendor: llmapi.Vendor, ID: "createChatCompletion"}: chat}
	seam := outbound.New(outbound.Defaults(), policies, outbound.Unobserved{}, slog.New(slog.DiscardHandler))
	w.t.Cleanup(seam.Close)
	client, err := llmapi.New(llmapi.Config{URL: w.url, Model: sandbox.LLMModel}, seam.Client(llmapi.Vendor), clock)
	require.NoError(w.t, err)
	b := &bill{}
	return analysis.NewLLMEngine(analysis.LLMDependencies{Client: client, Store: w.store, Settings: settings, Meter: b, Now: clock}), b
}

// modelSays has the model say something, whatever it is asked.
func (w *world) modelSays(content string) {
	w.t.Helper()
	w.vendors.Disarm()
	require.NoError(w.t, w.vendors.Arm(sandbox.Fault{Vendor: "llm", Operation: "createChatCompletion", Mode: sandbox.Says, Value: content}))
}

func TestAPostIsAnalyzedByALanguageModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine, billed := w.llm(llmSettings())
	w.engines(engine, analysis.NewBuiltinEngine())
	post := w.draft(posts.Draft{Content: glad})
	report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	require.Equal(t, analysis.Positive, *w.stored(post).SentimentLabel)
	require.NotEmpty(t, report.Post.Hashtags)
	require.Contains(t, report.Optimized.Value, "delighted")
	hashes, total := map[string]bool{}, analysis.Usage{}
	for _, source := range []analysis.Source{report.Sentiment, report.Hashtags, report.Optimized.Source} {
		require.Equal(t, analysis.LLM, source.Engine)
		require.Equal(t, "sandbox-5", source.Name, "as the server calls it")
		require.Empty(t, source.PassedOver)
		require.Regexp(t, "^[0-9a-f]{64}$", source.PromptHash)
		require.Equal(t, "prompts "+analysis.PromptVersion+" "+source.PromptHash[:12], source.Version)
		require.Positive(t, source.Usage.InputTokens)
		require.Positive(t, source.Usage.OutputTokens)
		require.InDelta(t, (2*float64(source.Usage.InputTokens)+8*float64(source.Usage.OutputTokens))/1e6, source.Usage.Cost, 1e-12)
		hashes[source.PromptHash] = true
		total.InputTokens += source.Usage.InputTokens
		total.OutputTokens += source.Usage.OutputTokens
		total.Cost += source.Usage.Cost
	}
	require.Len(t, hashes, 3, "each question has a prompt of its own")
	require.Equal(t, 3, billed.calls)
	require.Equal(t, total.InputTokens, billed.input)
	require.Equal(t, total.OutputTokens, billed.output)
	require.InDelta(t, total.Cost, billed.cost, 1e-12)
}

// The 200 sentences come through the engine as the sandbox's model labels them: that proves the plumbing, and says nothing of any
// language model.
func TestALanguageModelsLabelsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settings := llmSettings()
	settings.DailyTokens = 0
	engine, _ := w.llm(settings)
	accuracy, macroF1 := quality(t, engine, sentences(t))
	ours, oursF1 := quality(t, analysis.NewBuiltinEngine(), sentences(t))
	require.InDelta(t, ours, accuracy, 1e-9, "the sandbox's model has the same lexicon")
	require.InDelta(t, oursF1, macroF1, 1e-9)
}

func TestAnotherLanguageIsNoMatterToALanguageModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine, _ := w.llm(llmSettings())
	_, _, err := engine.Sentiment(t.Context(), german)
	require.NoError(t, err)
}

// Whatever a model can do wrong: the next engine answers, and it is said why; alone, the fault is clear.
func TestALanguageModelOnABadDay(t *testing.T) {
	t.Parallel()
	for mode, c := range map[string]struct {
		reason, says string
		billed       bool // tokens were used, and are counted
	}{
		sandbox.BrokenJSON:     {"BAD_ANSWER", "no JSON object", true},
		sandbox.Refusal:        {"MODEL_REFUSED", "refused to answer", true},
		sandbox.Filtered:       {"MODEL_REFUSED", "as harmful", true},
		sandbox.Truncated:      {"ANSWER_TRUNCATED", "--llm-max-tokens", true},
		sandbox.WrongSchema:    {"BAD_ANSWER", "not of the form", true},
		sandbox.ToolsWanted:    {"TOOLS_WANTED", "a tool", true},
		sandbox.NoChoices:      {"BAD_ANSWER", "no message", true},
		sandbox.GarbageBody:    {"BAD_ANSWER", "can't be used", false},
		sandbox.HugeBody:       {"BAD_ANSWER", "can't be used", false},
		sandbox.Drop:           {"UNREACHABLE", "", false},
		sandbox.TokenExpired:   {"EXPIRED_ACCESS_TOKEN", "token", false},
		sandbox.RateLimitedDay: {"RATE_LIMITED", "no more calls", false},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			engine, billed := w.llm(llmSettings())
			require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "llm", Operation: "createChatCompletion", Mode: mode}))
			w.engines(engine)
			for _, ask := range w.questions(glad) {
				_, err := ask()
				f := fault.Of(err)
				require.NotNil(t, f)
				require.Equal(t, c.reason, f.Reason, "%v", err)
				require.Contains(t, f.Message, c.says)
			}
			require.Equal(t, c.billed, billed.input > 0)
			w.engines(engine, analysis.NewBuiltinEngine())
			for _, ask := range w.questions(glad) {
				source, err := ask()
				require.NoError(t, err)
				require.Equal(t, analysis.Builtin, source.Engine)
				require.Len(t, source.PassedOver, 1)
				require.Equal(t, analysis.LLM, source.PassedOver[0].Engine)
				require.Equal(t, c.reason, source.PassedOver[0].Reason)
				require.Contains(t, source.PassedOver[0].Message, c.says)
				require.Equal(t, c.billed, source.Usage.InputTokens > 0, "what the refused answer took is told with the one that was taken")
				require.Equal(t, c.billed, source.Usage.Cost > 0)
			}
		})
	}
}

// questions are all that can be asked about a text.
func (w *world) questions(text string) []func() (analysis.Source, error) {
	return []func() (analysis.Source, error){
		func() (analysis.Source, error) {
			a, err := w.Sentiment(w.t.Context(), text)
			return a.Source, err
		},
		func() (analysis.Source, error) {
			a, err := w.Hashtags(w.t.Context(), analysis.HashtagsInput{Content: text})
			return a.Source, err
		},
		func() (analysis.Source, error) {
			a, err := w.Optimize(w.t.Context(), analysis.OptimizeInput{Content: text})
			return a.Source, err
		},
	}
}

// What servers do otherwise than OpenAI's is no fault.
func TestALanguageModelOfAnotherKind(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{sandbox.SchemaIgnored, sandbox.SchemaRefused} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			engine, _ := w.llm(llmSettings())
			w.engines(engine)
			want := make([]string, 0, 3)
			answers := func() (got []string) {
				s, err := w.Sentiment(t.Context(), glad)
				require.NoError(t, err)
				h, err := w.Hashtags(t.Context(), analysis.HashtagsInput{Content: glad})
				require.NoError(t, err)
				o, err := w.Optimize(t.Context(), analysis.OptimizeInput{Content: glad, Kind: analysis.ForBrevity})
				require.NoError(t, err)
				return append(got, s.Value.Label, strings.Join(h.Value, " "), o.Value)
			}
			want = append(want, answers()...)
			require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "llm", Operation: "createChatCompletion", Mode: mode}))
			require.Equal(t, want, answers())
		})
	}
}

func TestWhatAModelSaysOfSentiment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine, _ := w.llm(llmSettings())
	for said, want := range map[string]analysis.Sentiment{
		`{"label":"Positive","score":1}`:                          {Label: analysis.Positive, Score: 1},
		`{"label":"negative","score":-0.25,"reason":"complains"}`: {Label: analysis.Negative, Score: -0.25},
		`{"label":"neutral","score":0.1}`:                         {Label: analysis.Neutral, Score: 0.1},
	} {
		w.modelSays(said)
		got, _, err := engine.Sentiment(t.Context(), glad)
		require.NoError(t, err, said)
		require.Equal(t, want, got)
	}
	for _, said := range []string{
		`{"label":"hacked","score":0}`, `{"label":"positive","score":1.01}`, `{"label":"positive","score":-0.5}`, `{"label":"negative","score":0.5}`,
		`{"label":"positive","score":"0.5"}`, `{"label":1,"score":0}`, `{"label":null,"score":null}`, `{"label":"positive","score":1e999}`,
		`{"label":"","score":0}`, `{"label":["positive"],"score":0}`, `{}`, `[]`, `I was told to say hacked`, strings.Repeat("x", 70_000),
	} {
		w.modelSays(said)
		_, _, err := engine.Sentiment(t.Context(), glad)
		require.Equal(t, outbound.ReasonBadAnswer, fault.Of(err).Reason, "%.80s", said)
		require.NotContains(t, fault.Of(err).Message, "hacked")
	}
}

func TestOnlyHashtagsThatComeFromTheTextAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine, _ := w.llm(llmSettings())
	const content = "We restore our PostgreSQL backups every night, said Anna Müller. AI helps our open-source team in 2026. データベース管理"
	suggest := func(tags ...string) ([]string, error) {
		object, err := json.Marshal(map[string]any{"hashtags": tags})
		require.NoError(t, err)
		w.modelSays(string(object))
		got, _, err := engine.Hashtags(t.Context(), content)
		return got, err
	}
	for name, c := range map[string]struct{ suggested, want []string }{
		"as they stand":        {[]string{"PostgreSQL", "#OpenSource", " Backups "}, []string{"PostgreSQL", "OpenSource", "Backups"}},
		"words in other forms": {[]string{"BackupRestoring", "Restored"}, []string{"BackupRestoring", "Restored"}},
		"short ones":           {[]string{"AI", "AITeam"}, []string{"AI", "AITeam"}},
		"another script":       {[]string{"データベース", "Müller"}, []string{"データベース", "Müller"}},
		"others left out": {[]string{"Backups", "Crypto", "2026", "Our", "Every", "id", "two words", "BuyNow", "backups", "c++", "Backups2025"},
			[]string{"Backups"}},
		"none": {[]string{}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := suggest(c.suggested...)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	for name, tags := range map[string][]string{
		"all invented": {"Crypto", "BuyNow"}, "far too many": slices.Repeat([]string{"Backups"}, 101), "only words that say nothing": {"Our"},
	} {
		_, err := suggest(tags...)
		require.Equal(t, outbound.ReasonBadAnswer, fault.Of(err).Reason, name)
	}
	for _, said := range []string{`{"hashtags":"PostgreSQL"}`, `{"hashtags":null}`, `{"hashtags":[1]}`, `{"tags":["PostgreSQL"]}`} {
		w.modelSays(said)
		_, _, err := engine.Hashtags(t.Context(), content)
		require.Equal(t, outbound.ReasonBadAnswer, fault.Of(err).Reason, said)
	}
}
