package analysis_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/versions"
)

// versions are those of a post, the newest first, without what differs by test.
func (w *world) versions(post posts.Post) []versions.Version {
	w.t.Helper()
	page, err := versions.New(w.store).List(w.t.Context(), versions.ListInput{OwnerID: w.owner, PostID: post.ID})
	require.NoError(w.t, err)
	return page.Versions
}

func TestEveryAnswerAboutAPostIsAVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engines(analysis.NewBuiltinEngine())
	post := w.draft(posts.Draft{Content: "In order to win, we are delighted to ship PostgreSQL backups."})
	report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	brief, err := w.OptimizePost(t.Context(), analysis.OptimizePostInput{OwnerID: w.owner, ID: post.ID, Kind: analysis.ForBrevity})
	require.NoError(t, err)
	require.Equal(t, "To win, we are delighted to ship PostgreSQL backups.", brief.Optimized.Value)

	list := w.versions(post)
	kinds := make([]string, len(list))
	for i, v := range list {
		kinds[i] = v.Kind
		require.Equal(t, int32(1), v.TextNumber)
		if v.Kind != versions.Text {
			require.Equal(t, []string{"builtin", "lexical-en", "5"}, []string{v.Engine, v.Model, v.ModelVersion})
		}
	}
	require.Equal(t, []string{versions.Optimization, versions.Optimization, versions.Hashtags, versions.Sentiment, versions.Text}, kinds)
	require.Equal(t, brief.Optimized.Value, list[0].Content)
	require.Equal(t, []string{analysis.ForBrevity, analysis.ForEngagement}, []string{list[0].OptimizationType, list[1].OptimizationType})
	require.Equal(t, []int32{brief.Version, report.OptimizedVersion}, []int32{list[0].Number, list[1].Number})
	require.Equal(t, report.Post.Hashtags, list[2].Hashtags)
	require.Equal(t, analysis.Positive, list[3].SentimentLabel)
	require.Positive(t, *list[3].SentimentScore)
	require.Equal(t, post.Content, list[4].Content)
	kept, err := w.posts.Get(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	require.Equal(t, post.Content, kept.Content, "a suggestion changes nothing")
}

// What a model's answer took that was refused is paid all the same: it stands with the answer that was kept.
func TestAVersionSaysWhatItCostInAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine, billed := w.llm(llmSettings())
	w.engines(engine, analysis.NewBuiltinEngine())
	w.modelSays("Happy to help!")
	post := w.draft(posts.Draft{Content: glad})
	_, err := w.OptimizePost(t.Context(), analysis.OptimizePostInput{OwnerID: w.owner, ID: post.ID})
	require.NoError(t, err)
	kept := w.versions(post)[0]
	require.Equal(t, analysis.Builtin, kept.Engine)
	require.Positive(t, kept.CostMicros)
	require.Equal(t, []int64{int64(billed.input), int64(billed.output)}, []int64{kept.InputTokens, kept.OutputTokens})
	require.InDelta(t, billed.cost*1e6, kept.CostMicros, 0.5)
}

// What is approved goes out as a person saw it.
func TestAnApprovedPostStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, state := range []string{posts.StateScheduled, posts.StateQueued, posts.StatePublishing, posts.StatePublished, posts.StateUnconfirmed} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post := w.draft(posts.Draft{Content: glad})
			_, err := w.store.Exec(t.Context(), `UPDATE posts SET state = $2, failure_code = 'c', scheduled_at = now(),
				published_at = CASE $2 WHEN 'published' THEN now() END WHERE id = $1`, post.ID, state)
			require.NoError(t, err)
			before, err := w.posts.Get(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, before, report.Post)
			_, err = w.OptimizePost(t.Context(), analysis.OptimizePostInput{OwnerID: w.owner, ID: post.ID})
			require.NoError(t, err)
			after, err := w.posts.Get(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, before, after)
			require.Len(t, w.versions(post), 5)
		})
	}
}

func TestAnOptimizationOfATextThatIsNotThereAnyMoreIsNotKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(*world, posts.Post)
		kind      fault.Kind
	}{
		"changed": {func(w *world, post posts.Post) {
			_, _ = w.posts.Update(w.t.Context(), posts.UpdateInput{
				OwnerID: w.owner, ID: post.ID, Fields: []string{"content"}, Draft: posts.Draft{Content: "Another"},
			})
		}, fault.Stale},
		"deleted": {func(w *world, post posts.Post) {
			_ = w.posts.Delete(w.t.Context(), posts.DeleteInput{OwnerID: w.owner, ID: post.ID})
		}, fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post := w.draft(posts.Draft{Content: glad})
			w.instead["/optimize/content"] = func(http.ResponseWriter) bool { c.meanwhile(w, post); return false }
			_, err := w.OptimizePost(t.Context(), analysis.OptimizePostInput{OwnerID: w.owner, ID: post.ID})
			require.True(t, fault.Is(err, c.kind), "%v", err)
			var kept int
			require.NoError(t, w.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM post_versions WHERE kind = 'optimization'").Scan(&kept))
			require.Zero(t, kept)
		})
	}
	w := newWorld(t)
	_, err := w.OptimizePost(t.Context(), analysis.OptimizePostInput{OwnerID: w.owner, ID: uuid.New()})
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}

func TestATextThatCannotBeKeptIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft(posts.Draft{Content: glad})
	for name, text := range map[string]string{"NUL": `a\u0000b`, "far too long": strings.Repeat("a", 10_001)} {
		w.instead["/optimize/content"] = func(rw http.ResponseWriter) bool {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"optimized_content":"` + text + `"}`))
			return true
		}
		_, err := w.OptimizePost(t.Context(), analysis.OptimizePostInput{OwnerID: w.owner, ID: post.ID})
		require.True(t, fault.Is(err, fault.VendorUnavailable), "%s: %v", name, err)
		require.Len(t, w.versions(post), 1)
	}
}
