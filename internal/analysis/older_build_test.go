package analysis_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// What builds from before migration 00033 run, which kept the text's analysis beside the numbers.
const (
	olderPut = `INSERT INTO post_analytics (post_id, owner_id, sentiment_label, sentiment_score, readability_score, analyzed_at)
		SELECT p.id, p.owner_id, 'negative', -0.5, NULL, $3 FROM posts p WHERE p.id = $1 AND p.owner_id = $2
		ON CONFLICT (post_id) DO UPDATE SET
			sentiment_label = excluded.sentiment_label, sentiment_score = excluded.sentiment_score,
			readability_score = excluded.readability_score, analyzed_at = excluded.analyzed_at
		WHERE post_analytics.owner_id = excluded.owner_id`
	olderForget = `UPDATE post_analytics
		SET sentiment_label = NULL, sentiment_score = NULL, readability_score = NULL, analyzed_at = NULL
		WHERE post_id = $1 AND owner_id = $2`
	olderUpdate = `UPDATE posts SET content = $3, revision = revision + 1 WHERE id = $1 AND owner_id = $2`
	olderGet    = `SELECT coalesce(sentiment_label, '') FROM post_analytics WHERE post_id = $1 AND owner_id = $2`
)

func TestOlderBuildsAndThisOneTellTheSameOfAText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft(posts.Draft{Content: glad, Hashtags: []string{"mine"}})
	older := func(statement string, more ...any) {
		t.Helper()
		_, err := w.store.Exec(t.Context(), statement, append([]any{post.ID, w.owner}, more...)...)
		require.NoError(t, err)
	}
	newer := func(content string) {
		t.Helper()
		_, err := w.posts.Update(t.Context(), posts.UpdateInput{
			OwnerID: w.owner, ID: post.ID, Fields: []string{"content"}, Draft: posts.Draft{Content: content},
		})
		require.NoError(t, err)
	}
	both := func(label string) {
		t.Helper()
		seen := ""
		if found := w.stored(post); found != nil {
			seen = *found.SentimentLabel
		}
		require.Equal(t, label, seen, "what this build tells")
		require.NoError(t, w.store.QueryRow(t.Context(), olderGet, post.ID, w.owner).Scan(&seen))
		require.Equal(t, label, seen, "what older ones tell")
	}
	views := int64(7)
	put, err := db.New().AnalyticsPutNumbers(t.Context(), w.store, db.AnalyticsPutNumbersParams{
		PostID: post.ID, OwnerID: w.owner, ViewsCount: &views, Now: noon,
	})
	require.NoError(t, err)
	require.EqualValues(t, 1, put)
	both("")

	older(olderPut, noon)
	both("negative")
	_, err = w.AnalyzePost(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	both("positive")
	older(olderPut, noon)
	both("negative")

	newer("Changed by this build")
	both("")
	_, err = w.AnalyzePost(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	both("neutral")
	older(olderUpdate, "Changed by an older one")
	older(olderForget)
	both("")

	known, err := db.New().AnalyticsGet(t.Context(), w.store, db.AnalyticsGetParams{PostID: post.ID, OwnerID: w.owner})
	require.NoError(t, err)
	require.Equal(t, &views, known.ViewsCount, "the numbers are the post's, whatever it says")
}

func TestAnalysesFromBeforeTheyHadATableAreKept(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t)
	m, err := postgres.NewMigrator(t.Context(), url, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(m.Close)
	on, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = on.Close(t.Context()) })
	for name := ""; !strings.Contains(name, "00033"); {
		name, err = m.Down(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, name)
	}
	owner, post := uuid.New(), uuid.New()
	_, err = on.Exec(t.Context(),
		`INSERT INTO users (id, email, name, created_at) VALUES ($1, 'ada@example.org', '', $2)`, owner, noon)
	require.NoError(t, err)
	_, err = on.Exec(t.Context(), `INSERT INTO posts
		(id, owner_id, content, post_type, tone, target_audience, visibility, hashtags, state, created_at, updated_at)
		VALUES ($1, $2, 'Ärgerlich', 'announcement', 'professional', '', 'public', '{}', 'draft', $3, $3)`, post, owner, noon)
	require.NoError(t, err)
	_, err = on.Exec(t.Context(), olderPut, post, owner, noon)
	require.NoError(t, err)
	told := func() string {
		var label string
		require.NoError(t, on.QueryRow(t.Context(), olderGet, post, owner).Scan(&label))
		return label
	}

	_, _, err = m.Up(t.Context())
	require.NoError(t, err)
	known, err := db.New().AnalyticsGet(t.Context(), on, db.AnalyticsGetParams{PostID: post, OwnerID: owner})
	require.NoError(t, err)
	require.NotNil(t, known.SentimentLabel)
	require.Equal(t, "negative", *known.SentimentLabel)
	require.Equal(t, "negative", told())
	for name := ""; !strings.Contains(name, "00033"); {
		name, err = m.Down(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, "negative", told(), "and the way back loses none")
}
