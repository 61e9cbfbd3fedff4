package analysis_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/versions"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// world is the analysis against the sandbox's API, over real HTTP, and a database of its own.
type world struct {
	*analysis.Service
	t        *testing.T
	store    *postgres.Store
	posts    *posts.Service
	vendors  *sandbox.Sandbox
	url      string // the vendors'
	owner    uuid.UUID
	api      analysis.APIEngine
	observed observed
	// instead answers, for the paths it holds, before the sandbox does, or lets it go on by answering nothing.
	instead map[string]func(http.ResponseWriter) (answered bool)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, instead: map[string]func(http.ResponseWriter) bool{}}
	w.vendors = sandbox.New(sandbox.Options{Clock: clock, Log: slog.New(slog.DiscardHandler)})
	vendors := w.vendors.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if instead := w.instead[r.URL.Path]; instead != nil && instead(rw) {
			return
		}
		vendors.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	seam := outbound.New(outbound.Defaults(), outbound.DefaultPolicies(), outbound.Unobserved{}, slog.New(slog.DiscardHandler))
	t.Cleanup(seam.Close)
	api, err := analysisapi.New(analysisapi.Config{URL: server.URL}, seam.Client(analysisapi.Vendor), clock)
	require.NoError(t, err)
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	w.store, err = postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(w.store.Close)
	w.posts = posts.New(w.store, nil, clock)
	w.api = analysis.APIEngine{Client: api}
	w.engines(w.api)
	user, err := db.New().UserInsert(
		t.Context(),
		w.store,
		db.UserInsertParams{ID: uuid.New(), Email: "ada@example.org", EmailKey: "ada@example.org", CreatedAt: noon},
	)
	require.NoError(t, err)
	w.owner = user.ID
	return w
}

// engines are those that are asked from now on.
func (w *world) engines(order ...analysis.Engine) {
	w.Service = analysis.New(analysis.Dependencies{
		Store: w.store, Posts: w.posts, Versions: versions.New(w.store), Engines: order, Observer: &w.observed, Now: clock,
	})
}

// observed keeps what became of the questions, as "engine operation" and "engine operation kind".
type observed struct {
	mu                   sync.Mutex
	answered, passedOver []string
}

func (o *observed) Answered(engine, operation string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answered = append(o.answered, engine+" "+operation)
}

func (o *observed) PassedOver(engine, operation, kind string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.passedOver = append(o.passedOver, engine+" "+operation+" "+kind)
}

// suggest makes the vendor suggest these hashtags, after doing something else.
func (w *world) suggest(first func(), tags ...string) {
	w.instead["/generate/hashtags"] = func(rw http.ResponseWriter) bool {
		first()
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"hashtags": tags})
		return true
	}
}

func nothing() {}

func (w *world) draft(d posts.Draft) posts.Post {
	w.t.Helper()
	post, err := w.posts.Create(w.t.Context(), posts.CreateInput{OwnerID: w.owner, Draft: d})
	require.NoError(w.t, err)
	return post
}

// stored is what is known of a post, nil when its text was not analysed.
func (w *world) stored(post posts.Post) *db.AnalyticsGetRow {
	w.t.Helper()
	found, err := db.New().AnalyticsGet(w.t.Context(), w.store, db.AnalyticsGetParams{PostID: post.ID, OwnerID: w.owner})
	require.NoError(w.t, err)
	if found.AnalyzedAt == nil {
		return nil
	}
	return &found
}

const glad = "We are delighted: our wonderful team shipped the new publishing service today, and customers love the release notes."

func TestSentimentIsTheEngines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for text, want := range map[string]string{
		glad:                                analysis.Positive,
		"The meeting is on Tuesday at ten.": analysis.Neutral,
		"A terrible, horrible failure. We hate it and we are so ashamed.": analysis.Negative,
	} {
		found, err := w.Sentiment(t.Context(), text)
		require.NoError(t, err)
		require.Equal(t, want, found.Value.Label, text)
		switch want {
		case analysis.Positive:
			require.Positive(t, found.Value.Score)
		case analysis.Negative:
			require.Negative(t, found.Value.Score)
		}
	}
}

func TestOnlyHashtagsThatAPostCanCarryAreSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("tag%d", i)
	}
	for name, c := range map[string]struct {
		suggested []string
		limit     int
		want      []string
	}{
		"as they come":               {[]string{"Go", "SQL"}, 5, []string{"Go", "SQL"}},
		"none":                       {[]string{}, 5, []string{}},
		"the best five":              {many, 0, many[:5]},
		"as many as asked for":       {many, 7, many[:7]},
		"not more than a post takes": {many, 40, many[:posts.MaxHashtags]},
		"others left out": {[]string{"#Go", "go", "two words", "c++", "2026", strings.Repeat("a", 101), "a\x00", "SQL"}, 5,
			[]string{"Go", "SQL"}},
	} {
		t.Run(name, func(t *testing.T) {
			w.suggest(nothing, c.suggested...)
			got, err := w.Hashtags(t.Context(), analysis.HashtagsInput{Content: "content", Limit: c.limit})
			require.NoError(t, err)
			require.Equal(t, c.want, got.Value)
		})
	}
}

func TestATextIsOptimizedForEngagementWhereNobodySays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := "In order to utilize our product, it is very important that you should really read the documentation, which is long. " +
		"We want to utilize feedback in order to improve it for everybody."
	unsaid, err := w.Optimize(t.Context(), analysis.OptimizeInput{Content: text})
	require.NoError(t, err)
	engaging, err := w.Optimize(t.Context(), analysis.OptimizeInput{Content: text, Kind: analysis.ForEngagement})
	require.NoError(t, err)
	brief, err := w.Optimize(t.Context(), analysis.OptimizeInput{Content: text, Kind: analysis.ForBrevity})
	require.NoError(t, err)
	require.Equal(t, engaging, unsaid)
	require.NotEqual(t, engaging, brief)
	require.Less(t, len(brief.Value), len(text))
}

func TestAnAnalysisIsStoredAndGivesHashtags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.draft(posts.Draft{Content: glad})
	report, err := w.AnalyzePost(t.Context(), w.owner, before.ID)
	require.NoError(t, err)

	stored := w.stored(before)
	require.Equal(t, analysis.Positive, *stored.SentimentLabel)
	require.Positive(t, *stored.SentimentScore)
	require.InDelta(t, analysis.Readability(glad).Ease, *stored.ReadabilityScore, 1e-9)
	require.True(t, stored.AnalyzedAt.Equal(noon))
	require.Nil(t, stored.ViewsCount, "what nobody counted is unknown")
	require.NotEmpty(t, report.Optimized.Value)
	for _, source := range []analysis.Source{report.Sentiment, report.Hashtags, report.Optimized.Source} {
		require.Equal(t, analysis.Source{Engine: analysis.API}, source)
	}

	suggested, err := w.Hashtags(t.Context(), analysis.HashtagsInput{Content: glad})
	require.NoError(t, err)
	require.NotEmpty(t, suggested.Value)
	require.Equal(t, suggested.Value, report.Post.Hashtags)
	kept, err := w.posts.Get(t.Context(), w.owner, before.ID)
	require.NoError(t, err)
	require.Equal(t, kept, report.Post)
	require.Equal(t, before.Content, kept.Content, "the text is the author's")

	again, err := w.AnalyzePost(t.Context(), w.owner, before.ID)
	require.NoError(t, err)
	require.Greater(t, again.OptimizedVersion, report.OptimizedVersion)
	again.OptimizedVersion = report.OptimizedVersion
	require.Equal(t, report, again, "nothing is left to change")
	require.Equal(t, stored, w.stored(before))
}

func TestAnAnalysisHoldsForItsTextAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft(posts.Draft{Content: glad, Hashtags: []string{"mine"}})
	_, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	for _, c := range []struct {
		content string
		known   bool
	}{{"Another text", false}, {glad + " ", false}, {glad, true}} {
		_, err := w.posts.Update(t.Context(), posts.UpdateInput{
			OwnerID: w.owner, ID: post.ID, Fields: []string{"content"}, Draft: posts.Draft{Content: c.content},
		})
		require.NoError(t, err)
		require.Equal(t, c.known, w.stored(post) != nil, c.content)
	}
}

func TestAPostKeepsTheHashtagsOfItsAuthor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.draft(posts.Draft{Content: glad, Hashtags: []string{"mine"}})
	report, err := w.AnalyzePost(t.Context(), w.owner, before.ID)
	require.NoError(t, err)
	require.Equal(t, before, report.Post)
}

func TestHashtagsAreGivenAsFarAsTheTextHasRoom(t *testing.T) {
	t.Parallel()
	for room, want := range map[int][]string{
		4:  {},                 // "\n\n#abc" takes 6
		6:  {"abc"},            // and " #de" another 4
		9:  {"abc"},            //
		10: {"abc", "de"},      //
		99: {"abc", "de", "f"}, //
	} {
		t.Run(fmt.Sprintf("%d units", room), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.suggest(nothing, "abc", "de", "f")
			post := w.draft(posts.Draft{Content: strings.Repeat("a", posts.MaxTextUnits-room)})
			report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, want, report.Post.Hashtags)
		})
	}
}

func TestWhatHappensToAPostMeanwhileComesFirst(t *testing.T) {
	t.Parallel()
	t.Run("a change by its author", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		post := w.draft(posts.Draft{Content: glad})
		changed := make(chan posts.Post, 1)
		w.suggest(func() {
			p, err := w.posts.Update(t.Context(), posts.UpdateInput{
				OwnerID: w.owner, ID: post.ID, Fields: []string{"tone"}, Draft: posts.Draft{Tone: "humorous"},
			})
			if err == nil {
				changed <- p
			}
		}, "late")
		report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
		require.NoError(t, err)
		require.Equal(t, <-changed, report.Post)
		require.Empty(t, report.Post.Hashtags)
		require.NotNil(t, w.stored(post))
	})
	t.Run("its approval before", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		post := w.draft(posts.Draft{Content: glad})
		_, err := w.store.Exec(t.Context(), "UPDATE posts SET state = 'queued', revision = revision + 1 WHERE id = $1", post.ID)
		require.NoError(t, err)
		w.suggest(nothing, "late")
		report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
		require.NoError(t, err)
		require.Equal(t, posts.StateQueued, report.Post.State)
		require.Empty(t, report.Post.Hashtags)
	})
	t.Run("its end", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		post := w.draft(posts.Draft{Content: glad})
		w.suggest(func() { _ = w.posts.Delete(t.Context(), posts.DeleteInput{OwnerID: w.owner, ID: post.ID}) }, "late")
		_, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
		require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	})
}

func TestWhatIsAnsweredOfAnAnalysisIsKept(t *testing.T) {
	t.Parallel()
	for operation, c := range map[string]struct {
		missing string
		kinds   []string
	}{
		"analyzeSentiment": {"sentiment", []string{versions.Optimization, versions.Hashtags, versions.Text}},
		"generateHashtags": {"hashtags", []string{versions.Optimization, versions.Sentiment, versions.Text}},
		"optimizeContent":  {"optimization", []string{versions.Hashtags, versions.Sentiment, versions.Text}},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post := w.draft(posts.Draft{Content: glad})
			require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "analysis", Operation: operation, Mode: sandbox.Drop}))
			report, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Len(t, report.Missing, 1)
			require.Equal(t, c.missing, report.Missing[0].Operation)
			require.NotEmpty(t, report.Missing[0].Reason)
			require.NotEmpty(t, report.Missing[0].Message)
			var kinds []string
			for _, v := range w.versions(post) {
				kinds = append(kinds, v.Kind)
			}
			require.Equal(t, c.kinds, kinds)
			require.Equal(t, c.missing != "sentiment", w.stored(post) != nil)
			require.Equal(t, c.missing == "sentiment", report.Sentiment.Engine == "")
			require.Equal(t, c.missing == "hashtags", report.Hashtags.Engine == "")
			require.Equal(t, c.missing == "hashtags", len(report.Post.Hashtags) == 0)
			require.Equal(t, c.missing == "optimization", report.OptimizedVersion == 0)
			if report.OptimizedVersion != 0 {
				require.Equal(t, w.versions(post)[0].Number, report.OptimizedVersion)
			}
		})
	}
}

func TestAnAnalysisWithoutAnyAnswerStoresNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft(posts.Draft{Content: glad})
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Drop}))
	_, err := w.AnalyzePost(t.Context(), w.owner, post.ID)
	require.True(t, fault.Is(err, fault.VendorUnavailable), "%v", err)
	require.Nil(t, w.stored(post))
	kept, err := w.posts.Get(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	require.Equal(t, post, kept)
}

func TestAnotherOwnersPostIsNotAnalyzed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft(posts.Draft{Content: glad})
	asked := false
	w.suggest(func() { asked = true }, "tag")
	_, err := w.AnalyzePost(t.Context(), uuid.New(), post.ID)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	require.False(t, asked, "the text does not leave for nothing")
	require.Nil(t, w.stored(post))
}
