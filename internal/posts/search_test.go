package posts_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// In a database with locale C, école found nothing, nor did an accent of its own, a final sigma, and strasse anywhere.
func TestSearchFoldsWhateverTheDatabasesLocale(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"C", "C.UTF-8"} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			databaseURL := dbtest.NewEmptyIn(t, locale)
			migrator, err := postgres.NewMigrator(t.Context(), databaseURL, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			t.Cleanup(migrator.Close)
			_, _, err = migrator.Up(t.Context())
			require.NoError(t, err)
			w := newWorldAt(t, databaseURL, postgres.Unobserved{})
			for content, queries := range map[string][]string{
				"Une ÉCOLE ouvre":            {"école", "e\u0301cole", "ÉCOLE", "une école"},
				"Une e\u0301cole ferme":      {"École ferme"},
				"Die Straße ist frei":        {"strasse", "STRASSE", "straße", "STRAẞE"},
				"Η ΟΔΟΣ":                     {"οδος", "οδοσ"},
				"ПРИВЕТ, мир":                {"привет", "МИР"},
				"Line one\r\nline two":       {"one line", "ONE  LINE"},
				"100 % of A_B":               {"% OF", "a_b"},
				"ＧＯ 1.26":                    {"go"},
				"#\u20e3 soft\u00adhyphened": {"softhyphened"},
			} {
				post := w.draft(content)
				for _, query := range queries {
					page, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: query})
					require.NoError(t, err)
					require.Len(t, page.Posts, 1, "%q in %q", query, content)
					require.Equal(t, post.ID, page.Posts[0].ID)
				}
				require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: post.ID}))
			}
			w.draft("Une école")
			page, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: "ecole"})
			require.NoError(t, err)
			require.Empty(t, page.Posts, "another letter is another letter")
		})
	}
}

func TestAnEditedPostIsFoundByItsNewText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("The old ÉCOLE")
	_, err := w.Update(
		t.Context(),
		posts.UpdateInput{OwnerID: w.ada, ID: post.ID, Draft: posts.Draft{Content: "The new STRASSE"}, Fields: []string{"content"}},
	)
	require.NoError(t, err)
	for query, want := range map[string]int{"école": 0, "straße": 1} {
		page, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: query})
		require.NoError(t, err)
		require.Len(t, page.Posts, want, query)
	}
}

// Posts from before are found as they were until they are folded, and then as all others.
func TestPostsFromBeforeAreFolded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 1_100 // more than two goes
	drafts := make([]posts.Draft, many)
	for i := range drafts {
		drafts[i] = posts.Draft{Content: fmt.Sprintf("STRASSE %d", i)}
	}
	for half := range 2 {
		_, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: drafts[half*many/2 : (half+1)*many/2]})
		require.NoError(t, err)
	}
	found := func(query string) int {
		page, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: query})
		require.NoError(t, err)
		return len(page.Posts)
	}
	_, err := w.store.Exec(t.Context(), "DELETE FROM post_search")
	require.NoError(t, err)
	require.Zero(t, found("straße 77"))
	require.Positive(t, found("strasse 77"), "as before")
	folded, err := w.FoldAll(t.Context())
	require.NoError(t, err)
	require.Equal(t, many, folded)
	require.Positive(t, found("straße 77"))
	folded, err = w.FoldAll(t.Context())
	require.NoError(t, err)
	require.Zero(t, folded)
}

func TestADeletedPostIsForgottenBySearchToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: w.draft("Gone").ID}))
	w.draft("Gone with its owner")
	_, err := w.store.Exec(t.Context(), "DELETE FROM users WHERE id = $1", w.ada)
	require.NoError(t, err)
	left, err := w.store.Exec(t.Context(), "DELETE FROM post_search")
	require.NoError(t, err)
	require.Zero(t, left.RowsAffected())
}

func TestASearchForNothingVisibleIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, query := range []string{" ", "\u200b", "\u3164", strings.Repeat("\u00ad", 3)} {
		_, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: query})
		require.Equal(t, "query", fault.Of(err).Fields[0].Path, "%q", query)
	}
}
