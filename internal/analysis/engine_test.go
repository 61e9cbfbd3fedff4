package analysis_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/sandbox"
)

const german = "Wir freuen uns sehr, dass unsere neue Kollegin heute angefangen hat. Willkommen im Team!"

func TestTheFirstEngineThatAnswersIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	builtin := analysis.NewBuiltinEngine()
	w.engines(builtin, w.api)
	found, err := w.Sentiment(t.Context(), glad)
	require.NoError(t, err)
	require.Equal(t, analysis.Source{Engine: "builtin", Model: analysis.Model{Name: "lexical-en", Version: "5"}}, found.Source)
	require.Equal(t, []string{"builtin sentiment"}, w.observed.answered)
	require.Empty(t, w.observed.passedOver)

	found, err = w.Sentiment(t.Context(), german) // the sandbox's API does not mind
	require.NoError(t, err)
	require.Equal(t, analysis.API, found.Source.Engine)
	require.Len(t, found.Source.PassedOver, 1)
	require.Equal(t, "builtin", found.Source.PassedOver[0].Engine)
	require.Equal(t, analysis.ReasonLanguage, found.Source.PassedOver[0].Reason)
	require.Contains(t, found.Source.PassedOver[0].Message, "seems to be German")
	require.Equal(t, []string{"builtin sentiment precondition"}, w.observed.passedOver)
}

func TestAFallbackIsToldForEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engines(w.api, analysis.NewBuiltinEngine())
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Status, Value: "401"}))
	post := w.draft(posts.Draft{Content: glad})
	report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	for _, source := range []analysis.Source{report.Sentiment, report.Hashtags, report.Optimized.Source} {
		require.Equal(t, analysis.Builtin, source.Engine)
		require.Len(t, source.PassedOver, 1)
		require.Equal(t, analysis.API, source.PassedOver[0].Engine)
		require.NotEmpty(t, source.PassedOver[0].Reason)
		require.NotEmpty(t, source.PassedOver[0].Message)
	}
	require.ElementsMatch(t, []string{"api sentiment vendor auth", "api hashtags vendor auth", "api optimization vendor auth"}, w.observed.passedOver)
	require.ElementsMatch(t, []string{"builtin sentiment", "builtin hashtags", "builtin optimization"}, w.observed.answered)
	require.Equal(t, analysis.Positive, *w.stored(post).SentimentLabel)
}

func TestWhereNoEngineAnswersAllAreQuoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.RetryAfter, Value: "7200"}))
	alone := func(engine analysis.Engine) *fault.Error {
		w.engines(engine)
		_, err := w.Sentiment(t.Context(), german)
		require.Error(t, err)
		return fault.Of(err)
	}
	vendors, ours := alone(w.api), alone(analysis.NewBuiltinEngine())
	require.Equal(t, fault.RateLimited, vendors.Kind)
	require.Equal(t, fault.Precondition, ours.Kind)
	for _, order := range [][]analysis.Engine{{w.api, analysis.NewBuiltinEngine()}, {analysis.NewBuiltinEngine(), w.api}} {
		w.engines(order...)
		_, err := w.Sentiment(t.Context(), german)
		f := fault.Of(err)
		require.Equal(t, vendors.Kind, f.Kind, "the one that may pass")
		require.Equal(t, vendors.Reason, f.Reason)
		require.Equal(t, vendors.RetryAfter, f.RetryAfter)
		require.Contains(t, f.Message, "api: "+vendors.Message)
		require.Contains(t, f.Message, "builtin: "+ours.Message)
	}
}

func TestNobodyIsAskedForACallerWhoHasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engines(w.api, analysis.NewBuiltinEngine())
	ctx, leave := context.WithCancel(t.Context())
	w.instead["/analyze/sentiment"] = func(http.ResponseWriter) bool {
		leave()
		<-ctx.Done()
		panic(http.ErrAbortHandler)
	}
	_, err := w.Sentiment(ctx, glad)
	require.True(t, fault.Is(err, fault.Canceled), "%v", err)
	require.Empty(t, w.observed.answered)
}
