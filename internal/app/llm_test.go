package app_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/status"
)

const pleased = "What a wonderful release! Our database migrations to PostgreSQL 18 are fast now."

// newLLMWorld is a Postwright whose language model is the sandbox's, and which has no analysis API.
func newLLMWorld(t *testing.T, change ...func(*app.Config)) *world {
	t.Helper()
	return newWorld(t, append([]func(*app.Config){func(cfg *app.Config) {
		cfg.LLM.URL, cfg.LLM.Model, cfg.LLM.Token, cfg.Analysis.URL = cfg.Analysis.URL, sandbox.LLMModel, "llm-secret", ""
		cfg.LLM.InputPrice.Value, cfg.LLM.OutputPrice.Value = 2, 8
	}}, change...)...)
}

func onChat(mode, value string) sandbox.Fault {
	return sandbox.Fault{Vendor: "llm", Operation: "createChatCompletion", Mode: mode, Value: value}
}

func TestAPostIsAnalysedByALanguageModel(t *testing.T) {
	t.Parallel()
	w := newLLMWorld(t)
	w.Serve()
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	res, err := client.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: w.Draft(pleased).GetId()})
	require.NoError(t, err)
	require.Equal(t, postwrightv1.SentimentLabel_SENTIMENT_LABEL_POSITIVE, res.GetAnalytics().GetSentimentLabel())
	require.Contains(t, res.GetPost().GetHashtags(), "DatabaseMigrations")
	require.Contains(t, res.GetOptimizedContent(), "PostgreSQL 18")
	require.NotEqual(t, pleased, res.GetOptimizedContent())
	for _, source := range []*postwrightv1.AnalysisSource{res.GetSentimentSource(), res.GetHashtagsSource(), res.GetOptimizationSource()} {
		require.Equal(t, []string{"llm", "sandbox-5"}, []string{source.GetEngine(), source.GetModel()})
		require.Regexp(t, `^prompts 1 [0-9a-f]{12}$`, source.GetVersion())
		require.Empty(t, source.GetPassedOver())
	}
	metrics := w.Scrape()
	input, output := 0.0, 0.0
	for _, operation := range []string{"sentiment", "hashtags", "optimization"} {
		require.InDelta(t, 1, metrics["analysis_answers_total engine=llm operation="+operation], 0)
		in, out := metrics["analysis_llm_tokens_total direction=input operation="+operation],
			metrics["analysis_llm_tokens_total direction=output operation="+operation]
		require.Positive(t, in)
		require.Positive(t, out)
		require.InDelta(t, (2*in+8*out)/1e6, metrics["analysis_llm_cost_total operation="+operation], 1e-12)
		input, output = input+in, output+out
	}
	require.Equal(t, int(input+output), w.Count(`SELECT tokens FROM llm_budget`), "the day's count is what was used")
	require.NotContains(t, string(w.Get(w.URL+"/metrics").Body), "llm-secret")
}

// The order without a word is llm, builtin: whatever is wrong with the model, its posts are analysed, and it is said why not by it.
func TestWhateverIsWrongWithALanguageModelTheNextEngineAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  sandbox.Fault
		reason string
		code   string // where it is the only engine
	}{
		"broken JSON":    {onChat(sandbox.BrokenJSON, ""), "BAD_ANSWER", "unavailable"},
		"a refusal":      {onChat(sandbox.Refusal, ""), "MODEL_REFUSED", "failed_precondition"},
		"a filter":       {onChat(sandbox.Filtered, ""), "MODEL_REFUSED", "failed_precondition"},
		"broken off":     {onChat(sandbox.Truncated, ""), "ANSWER_TRUNCATED", "unavailable"},
		"another schema": {onChat(sandbox.WrongSchema, ""), "BAD_ANSWER", "unavailable"},
		"tools":          {onChat(sandbox.ToolsWanted, ""), "TOOLS_WANTED", "unavailable"},
		"no choices":     {onChat(sandbox.NoChoices, ""), "BAD_ANSWER", "unavailable"},
		"HTML":           {onChat(sandbox.GarbageBody, ""), "BAD_ANSWER", "unavailable"},
		"prose":          {onChat(sandbox.Says, "Happy to help!"), "BAD_ANSWER", "unavailable"},
		"orders of the post obeyed": {onChat(sandbox.Says, `{"label":"hacked","score":9,"hashtags":["Hacked"],"optimized":"Hacked."}`),
			"", "unavailable"},
		"a wrong token": {onChat(sandbox.Status, "401"), "INVALID_ACCESS_TOKEN", "failed_precondition"},
		"429":           {onChat(sandbox.RetryAfter, "3600"), "RATE_LIMITED", "resource_exhausted"},
		"no answer":     {onChat(sandbox.Drop, ""), "", "unavailable"}, // or the breaker's, for the third question
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLLMWorld(t)
			w.Serve()
			require.NoError(t, w.Vendors.Arm(c.fault))
			client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
			res, err := client.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: w.Draft(pleased).GetId()})
			require.NoError(t, err)
			require.Equal(t, postwrightv1.SentimentLabel_SENTIMENT_LABEL_POSITIVE, res.GetAnalytics().GetSentimentLabel())
			for _, source := range []*postwrightv1.AnalysisSource{res.GetSentimentSource(), res.GetHashtagsSource(), res.GetOptimizationSource()} {
				require.Equal(t, "builtin", source.GetEngine())
				require.Len(t, source.GetPassedOver(), 1)
				over := source.GetPassedOver()[0]
				require.Equal(t, "llm", over.GetEngine())
				require.NotEmpty(t, over.GetReason())
				require.Contains(t, over.GetMessage(), "The language model")
				require.NotContains(t, over.GetMessage(), "acked", "what the model says is not passed on")
				if c.reason != "" {
					require.Equal(t, c.reason, over.GetReason())
				}
			}
		})
		t.Run(name+", alone", func(t *testing.T) {
			t.Parallel()
			w := newLLMWorld(t, func(cfg *app.Config) { cfg.Analysis.Engines = []string{"llm"} })
			w.Serve()
			require.NoError(t, w.Vendors.Arm(c.fault))
			post := w.Draft(pleased)
			id, err := json.Marshal(map[string]string{"id": post.GetId()})
			require.NoError(t, err)
			failure := w.Curl(w.Key, "AnalysisService/AnalyzePost", id).Failure(t)
			require.Equal(t, c.code, failure.Code, "%+v", failure)
			require.Contains(t, failure.Message, "The language model")
			require.Zero(t, w.Count(`SELECT count(*) FROM post_analyses`), "nothing is stored")
		})
	}
}

// A model that takes forever costs the caller most of their time, and no answer.
func TestASlowLanguageModelIsLeftInTimeForTheNextEngine(t *testing.T) {
	t.Parallel()
	w := newLLMWorld(t)
	w.Serve()
	slow := onChat(sandbox.Slow, "")
	slow.AfterMS = 300_000
	require.NoError(t, w.Vendors.Arm(slow))
	post := w.Draft(pleased)
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	const hurry = 16 * time.Second // a quarter of it is for the next engine, and for what is kept
	for name, call := range map[string]func(context.Context) ([]*postwrightv1.AnalysisSource, error){
		"AnalyzePost": func(ctx context.Context) ([]*postwrightv1.AnalysisSource, error) {
			res, err := client.AnalyzePost(ctx, &postwrightv1.AnalyzePostRequest{Id: post.GetId()})
			return []*postwrightv1.AnalysisSource{res.GetSentimentSource(), res.GetHashtagsSource(), res.GetOptimizationSource()}, err
		},
		"OptimizePost": func(ctx context.Context) ([]*postwrightv1.AnalysisSource, error) {
			res, err := client.OptimizePost(ctx, &postwrightv1.OptimizePostRequest{Id: post.GetId()})
			return []*postwrightv1.AnalysisSource{res.GetSource()}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), hurry)
			defer cancel()
			sources, err := call(ctx)
			require.NoError(t, err)
			for _, source := range sources {
				require.Equal(t, "builtin", source.GetEngine())
				require.Equal(t, "TIMEOUT", source.GetPassedOver()[0].GetReason())
			}
		})
	}
}

func TestAServerThatIgnoresOrRefusesTheSchemaAnswersAllTheSame(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{sandbox.SchemaIgnored, sandbox.SchemaRefused} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newLLMWorld(t)
			w.Serve()
			require.NoError(t, w.Vendors.Arm(onChat(mode, "")))
			client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
			for range 2 {
				found, err := client.AnalyzeSentiment(t.Context(), &postwrightv1.AnalyzeSentimentRequest{Text: pleased})
				require.NoError(t, err)
				require.Equal(t, "llm", found.GetSource().GetEngine())
			}
			attempts := map[string]string{sandbox.SchemaIgnored: "2", sandbox.SchemaRefused: "3"}[mode]
			require.Contains(t, string(w.Get(w.URL+"/metrics").Body),
				`api_operation_duration_seconds_count{operation="createChatCompletion",vendor="llm"} `+attempts+"\n", "a refusal is remembered")
		})
	}
}

func TestADayWithoutTokensIsSaid(t *testing.T) {
	t.Parallel()
	w := newLLMWorld(t, func(cfg *app.Config) {
		cfg.Analysis.Engines = []string{"llm"}
		cfg.LLM.MaxTokens.Value, cfg.LLM.DailyTokens.Value = 1000, 40_000
	})
	w.Serve()
	w.Exec(`INSERT INTO llm_budget (day, tokens) VALUES (date_trunc('day', now(), 'UTC'), 39999)`)
	refused := w.Curl(w.Key, "AnalysisService/AnalyzeSentiment", []byte(`{"text":"What a wonderful day"}`))
	failure := refused.Failure(t)
	require.Equal(t, "resource_exhausted", failure.Code)
	require.Contains(t, failure.Message, "--llm-daily-tokens")
	require.Contains(t, string(refused.Body), "TOKEN_BUDGET_USED")
	require.Contains(t, string(refused.Body), "google.rpc.RetryInfo")
}

func TestTheOrderOfEnginesFollowsWhatIsSet(t *testing.T) {
	t.Parallel()
	w := newLLMWorld(t, func(cfg *app.Config) { cfg.Analysis.URL = cfg.LLM.URL }) // both
	w.Serve()
	require.NoError(t, w.Vendors.Arm(onChat(sandbox.Refusal, "")))
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Status, Value: "403"}))
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	found, err := client.AnalyzeSentiment(t.Context(), &postwrightv1.AnalyzeSentimentRequest{Text: pleased})
	require.NoError(t, err)
	require.Equal(t, "builtin", found.GetSource().GetEngine())
	require.Len(t, found.GetSource().GetPassedOver(), 2)
	require.Equal(t, "llm", found.GetSource().GetPassedOver()[0].GetEngine())
	require.Equal(t, "api", found.GetSource().GetPassedOver()[1].GetEngine())
}

func TestDoctorLooksAtTheLanguageModel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil          func(w *world, cfg *app.Config)
		state          status.State
		detail, remedy string
	}{
		"all is well": {func(*world, *app.Config) {}, status.OK, "has the model sandbox", ""},
		"it is away": {func(_ *world, cfg *app.Config) {
			cfg.LLM.URL, cfg.Analysis.Engines = "http://127.0.0.1:1", []string{"llm"}
		},
			status.Failed, "127.0.0.1:1 can't be reached", "--llm-url"},
		"it is away, and another engine is there": {func(_ *world, cfg *app.Config) { cfg.LLM.URL = "http://127.0.0.1:1" },
			status.Warning, "next engine meanwhile: builtin", "--llm-url"},
		"a model that it has not": {func(_ *world, cfg *app.Config) { cfg.LLM.Model = "gpt-99" },
			status.Warning, "does not list the model gpt-99", "--llm-model"},
		"a wrong token": {func(w *world, cfg *app.Config) {
			cfg.Analysis.Engines = []string{"llm"}
			require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "llm", Mode: sandbox.Status, Value: "401"}))
		}, status.Failed, "does not accept the token", "POSTWRIGHT_LLM_TOKEN"},
		"no list of models": {func(w *world, _ *app.Config) {
			require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "llm", Mode: sandbox.Status, Value: "404"}))
		}, status.Unknown, "does not list its models", ""},
		"it fails": {func(w *world, cfg *app.Config) {
			cfg.Analysis.Engines = []string{"llm"}
			require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "llm", Mode: sandbox.Status, Value: "500"}))
		}, status.Failed, "failure of its own", "--llm-url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLLMWorld(t)
			cfg, asked := w.Config, onChat(sandbox.Says, "Somebody asked me")
			asked.Times = 1
			require.NoError(t, w.Vendors.Arm(asked))
			c.spoil(w, &cfg)
			found := w.examine(cfg)["analysis llm"]
			require.Equal(t, c.state, found.State, "%+v", found)
			require.Contains(t, found.Detail, c.detail)
			require.Contains(t, found.Remedy, c.remedy)
			require.Contains(t, w.Vendors.Armed(), asked, "the model itself is not asked: that costs")
		})
	}
}
