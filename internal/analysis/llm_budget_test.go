package analysis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/sandbox"
)

func TestADayHasSoManyTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settings := llmSettings()
	settings.DailyTokens = 20_000
	first, _ := w.llm(settings)
	second, _ := w.llm(settings) // another process
	answered := 0
	var refused error
	for engine := range slices.Values(slices.Repeat([]analysis.LLMEngine{first, second}, 200)) {
		if _, _, refused = engine.Sentiment(t.Context(), glad); refused != nil {
			break
		}
		answered++
	}
	f := fault.Of(refused)
	require.NotNil(t, f, "the day ends")
	require.Equal(t, fault.OverLimit, f.Kind)
	require.Equal(t, analysis.ReasonBudget, f.Reason)
	require.Equal(t, 12*time.Hour, f.RetryAfter, "it is noon")
	require.Contains(t, f.Message, "20000 a day (UTC), set with --llm-daily-tokens")
	used := w.used()
	require.LessOrEqual(t, used, 20_000)
	require.Greater(t, used, 20_000-4096-2*500, "it is not given up early")
	require.Greater(t, answered, 20, "what was set aside and not used comes back")

	w.engines(first, analysis.NewBuiltinEngine())
	found, err := w.Sentiment(t.Context(), glad)
	require.NoError(t, err)
	require.Equal(t, analysis.Builtin, found.Source.Engine)
	require.Equal(t, analysis.ReasonBudget, found.Source.PassedOver[0].Reason)

	_, err = w.store.Exec(t.Context(), "UPDATE llm_budget SET day = day - interval '1 day'")
	require.NoError(t, err)
	_, _, err = first.Sentiment(t.Context(), glad)
	require.NoError(t, err, "the next day has its own")
	require.Less(t, w.used(), 1000)
}

func (w *world) used() (tokens int) {
	w.t.Helper()
	require.NoError(w.t, w.store.QueryRow(w.t.Context(), "SELECT tokens FROM llm_budget").Scan(&tokens))
	return tokens
}

// At once, no more is set aside than the day has.
func TestADaysTokensAreNotUsedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settings := llmSettings()
	settings.MaxTokens, settings.DailyTokens = 50_000, 3*52_000
	engine, _ := w.llm(settings)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "llm", Mode: sandbox.Slow, AfterMS: 600_000}))
	const asking = 12
	ends := make(chan error, asking)
	for range asking {
		go func() {
			_, _, err := engine.Sentiment(t.Context(), glad)
			ends <- err
		}()
	}
	for range asking - 3 { // the others wait for an answer: the day has tokens for three
		require.Equal(t, analysis.ReasonBudget, fault.Of(<-ends).Reason)
	}
	require.LessOrEqual(t, w.used(), 3*52_000)
}

func TestTokensOfQuestionsThatWereNotWorkedOnComeBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sandbox.Fault
		times int // of what is set aside for a question
	}{
		"refused":              {sandbox.Fault{Mode: sandbox.Status, Value: "403"}, 0},
		"too many":             {sandbox.Fault{Mode: sandbox.RetryAfter, Value: "3600"}, 0},
		"too many, twice":      {sandbox.Fault{Mode: sandbox.RateLimitedDay}, 0},
		"no answer, twice":     {sandbox.Fault{Mode: sandbox.Drop}, 2},
		"a failure, and again": {sandbox.Fault{Mode: sandbox.Status, Value: "500"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			engine, billed := w.llm(llmSettings())
			c.fault.Vendor = "llm"
			require.NoError(t, w.vendors.Arm(c.fault))
			_, _, err := engine.Sentiment(t.Context(), glad)
			require.Error(t, err)
			once := w.used() / max(c.times, 1)
			if c.times == 0 {
				require.Zero(t, once)
			} else {
				require.Greater(t, once, 4096)
				require.Less(t, once, 5200)
			}
			require.Zero(t, billed.input, "what nobody counted is not made up")
		})
	}
}

// An answer at the second time shows what that took; the first time is counted whole where it may have been worked on.
func TestTokensOfQuestionsThatWereAskedTwice(t *testing.T) {
	t.Parallel()
	for mode, billed := range map[string]bool{sandbox.RateLimitedDay: false, sandbox.AcceptThenDrop: true} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			engine, _ := w.llm(llmSettings())
			require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "llm", Mode: mode, Times: 1}))
			_, model, err := engine.Sentiment(t.Context(), glad)
			require.NoError(t, err)
			once := model.Usage.InputTokens + model.Usage.OutputTokens
			if billed {
				require.Greater(t, w.used(), 4096+once)
				return
			}
			require.Equal(t, once, w.used())
		})
	}
}

// What a process left behind whose clock was ahead blocks nobody, and what is set aside is of the database's day.
func TestTheDayIsThatOfTheDatabasesClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settings := llmSettings()
	settings.DailyTokens = 20_000
	engine, _ := w.llm(settings)
	_, err := w.store.Exec(t.Context(), "INSERT INTO llm_budget (day, tokens) VALUES (date_trunc('day', now(), 'UTC') + interval '2 days', 20000)")
	require.NoError(t, err)
	_, model, err := engine.Sentiment(t.Context(), glad)
	require.NoError(t, err)
	var day, today time.Time
	require.NoError(t, w.store.QueryRow(t.Context(), "SELECT day, date_trunc('day', now(), 'UTC') FROM llm_budget").Scan(&day, &today))
	require.WithinDuration(t, today, day, 24*time.Hour)
	require.Equal(t, model.Usage.InputTokens+model.Usage.OutputTokens, w.used(), "what was not used came back, to the same day")
}
