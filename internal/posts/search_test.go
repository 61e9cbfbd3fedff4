package posts_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/text"
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
	indexed := w.draft("Indexed and gone")
	w.draft("Indexed and gone with its owner")
	require.NoError(t, w.Index(t.Context(), w.ada))
	require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: indexed.ID}))
	w.draft("Gone with its owner")
	_, err := w.store.Exec(t.Context(), "DELETE FROM users WHERE id = $1", w.ada)
	require.NoError(t, err)
	for _, table := range []string{"post_search", "post_search_backlog", "post_search_grams"} {
		left, err := w.store.Exec(t.Context(), "DELETE FROM "+table)
		require.NoError(t, err)
		require.Zero(t, left.RowsAffected(), table)
	}
}

// searched are the contents of all pages of a search, and how many pages there were.
func (w *world) searched(t require.TestingT, query string, size int) (found []string, pages int) {
	found = []string{}
	for token := ""; ; {
		page, err := w.Search(w.t.Context(), posts.SearchInput{OwnerID: w.ada, Query: query, PageSize: size, PageToken: token})
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Posts), size)
		found, pages = append(found, contents(page.Posts)...), pages+1
		if token = page.NextPageToken; token == "" {
			return found, pages
		}
	}
}

// many makes posts of Ada's out of few words, each with a number of its own, and returns their contents, oldest first.
func (w *world) many(first, n int, words []string) (made []string) {
	w.t.Helper()
	for part := range slices.Chunk(make([]posts.Draft, n), posts.MaxBatch) {
		for i := range part {
			number := first + len(made)
			part[i].Content = fmt.Sprintf("%s %s %s, %d", words[number%len(words)], words[number/7%len(words)], words[number/50%len(words)], number)
			made = append(made, part[i].Content)
		}
		_, err := w.CreateBatch(w.t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: part})
		require.NoError(w.t, err)
	}
	return made
}

// Page by page, what is found is what looking through all contents by hand finds: with no post indexed, with all, with new ones
// beside them, and after edits.
func TestASearchFindsWhatContainsTheText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	words := strings.Fields("and andes Straße STRASSE 東京 京都 🚀 👩‍🚀 École école İzmir ızgara 50% ab_c Привет Σίσυφος a")
	made := w.many(0, 2_600, words)
	_, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.bob, Drafts: []posts.Draft{{Content: strings.Join(words, " ")}}})
	require.NoError(t, err)
	others := strings.Split("% _ 京 qz 77 andand nowhere", " ")
	others = append(others, ", 77", "and and and and and", "AND ANDES")
	check := func(t *testing.T) {
		folded := make([]string, len(made))
		for i, content := range made {
			folded[i] = text.Fold(content)
		}
		rapid.Check(t, func(rt *rapid.T) {
			query := rapid.OneOf(rapid.SampledFrom(words), rapid.SampledFrom(others),
				rapid.Custom(func(rt *rapid.T) string { // a piece of a post, or of several
					content := []rune(rapid.SampledFrom(made).Draw(rt, "post"))
					begin := rapid.IntRange(0, len(content)-1).Draw(rt, "begin")
					return string(content[begin:rapid.IntRange(begin+1, len(content)).Draw(rt, "end")])
				})).Filter(text.Visible).Draw(rt, "query")
			want := []string{}
			for i, content := range slices.Backward(made) {
				if strings.Contains(folded[i], text.Fold(query)) {
					want = append(want, content)
				}
			}
			found, pages := w.searched(rt, query, rapid.SampledFrom([]int{37, 100}).Draw(rt, "size"))
			require.True(rt, slices.Equal(want, found), "%q: %d, and found %d", query, len(want), len(found))
			require.LessOrEqual(rt, pages, 1+len(made)/37)
		})
	}
	t.Run("not indexed", check)
	require.NoError(t, w.Index(t.Context(), w.ada))
	t.Run("indexed", check)
	made = append(made, w.many(len(made), 700, words)...)
	t.Run("with new ones", check)
	page, err := w.List(t.Context(), posts.ListInput{OwnerID: w.ada, PageSize: 100})
	require.NoError(t, err)
	for token := page.NextPageToken; token != ""; token = page.NextPageToken { // one of each page, old and new
		edited := page.Posts[0]
		place := slices.Index(made, edited.Content)
		made[place] = "Edited: Straße " + string([]rune(edited.Content)[:5])
		_, err := w.Update(t.Context(), posts.UpdateInput{
			OwnerID: w.ada, ID: edited.ID, Draft: posts.Draft{Content: made[place]}, Fields: []string{"content"},
		})
		require.NoError(t, err)
		page, err = w.List(t.Context(), posts.ListInput{OwnerID: w.ada, PageSize: 100, PageToken: token})
		require.NoError(t, err)
	}
	words = append(words, "edited", "Edited: STRASSE")
	t.Run("edited", check)
	require.NoError(t, w.Index(t.Context(), w.ada))
	t.Run("and indexed again", check)
}

// Where the index names too many posts, a page holds what was found among so many, and its token goes on.
func TestASearchLooksAtSoManyPostsAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many(0, 1, []string{"the and the"})
	w.many(0, 4_499, []string{"and the and"})
	for name, prepare := range map[string]func() error{
		"not indexed": func() error { return nil },
		"indexed":     func() error { return w.Index(t.Context(), w.ada) },
	} {
		require.NoError(t, prepare())
		page, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: "the and the and the and the"})
		require.NoError(t, err, name)
		require.Empty(t, page.Posts, name)
		require.NotEmpty(t, page.NextPageToken, name)
		found, pages := w.searched(t, "the and the the and the", 10)
		require.Equal(t, []string{"the and the the and the the and the, 0"}, found, name)
		require.Equal(t, 3, pages, name)
	}
}

// The first search of many posts has them indexed.
func TestASearchOfManyPostsHasThemIndexed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	var indexing sync.WaitGroup
	indexing.Go(func() { w.IndexForSearch(ctx) })
	t.Cleanup(func() { cancel(); indexing.Wait() })
	unindexed := func() (left int) {
		require.NoError(t, w.store.QueryRow(t.Context(), "SELECT count(*) FROM post_search_backlog").Scan(&left))
		return left
	}
	w.many(0, 400, []string{"few"})
	w.searched(t, "many", 10)
	w.many(400, 700, []string{"few"})
	require.Equal(t, 1_100, unindexed(), "four hundred need no index")
	found, _ := w.searched(t, "few few few, 7", 100)
	require.Len(t, found, 111)
	require.Eventually(t, func() bool { return unindexed() == 0 }, waitLimit, time.Millisecond)
	again, pages := w.searched(t, "few few few, 7", 100)
	require.Equal(t, found, again)
	require.Equal(t, 2, pages)
}

// Whoever edits a post while it is being indexed waits, and then has it indexed anew.
func TestAnEditWhileAPostIsIndexed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("The old text")
	var edit sync.WaitGroup
	require.NoError(t, w.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		taken, err := queries.PostSearchTake(t.Context(), tx, db.PostSearchTakeParams{OwnerID: w.ada, AfterTime: dawn})
		require.NoError(t, err)
		require.Len(t, taken, 1)
		edit.Go(func() {
			_, err := w.Update(t.Context(), posts.UpdateInput{
				OwnerID: w.ada, ID: post.ID, Draft: posts.Draft{Content: "The new text"}, Fields: []string{"content"},
			})
			assert.NoError(t, err)
		})
		require.Eventually(t, func() bool {
			var waiting bool
			err := w.store.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
			return err == nil && waiting
		}, waitLimit, time.Millisecond)
		return queries.PostSearchIndex(t.Context(), tx, db.PostSearchIndexParams{
			OwnerID: w.ada, IDs: []uuid.UUID{post.ID}, CreatedAt: []time.Time{post.CreatedAt}, Grams: []string{"1 2 3"},
		})
	}))
	edit.Wait()
	for table, want := range map[string]int{"post_search_backlog": 1, "post_search_grams": 0} {
		var rows int
		require.NoError(t, w.store.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows))
		require.Equal(t, want, rows, table)
	}
}

// Posts from before the index wait for it like new ones; one that is gone meanwhile is forgotten.
func TestPostsFromBeforeTheIndexAreIndexed(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t)
	migrator, err := postgres.NewMigrator(t.Context(), url, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(migrator.Close)
	w := newWorldAt(t, url, postgres.Unobserved{})
	made := w.many(0, 600, []string{"before"}) // by this build, to which an older schema lacks columns
	for name := ""; !strings.Contains(name, "post_search_index"); {
		name, err = migrator.Down(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, name)
	}
	_, err = w.store.Exec(t.Context(), "DELETE FROM post_search WHERE post_id IN (SELECT id FROM posts ORDER BY id LIMIT 3)")
	require.NoError(t, err)
	_, _, err = migrator.Up(t.Context())
	require.NoError(t, err)
	_, err = w.store.Exec(t.Context(), "INSERT INTO post_search_backlog VALUES ($1, $2, $3)", w.ada, dawn, uuid.New())
	require.NoError(t, err)
	require.NoError(t, w.Index(t.Context(), w.ada))
	var backlog, indexed, folded int
	require.NoError(t, w.store.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM post_search_backlog), (SELECT count(*) FROM post_search_grams),
		(SELECT count(*) FROM post_search)`).Scan(&backlog, &indexed, &folded))
	require.Equal(t, []int{0, 600, 600}, []int{backlog, indexed, folded})
	found, _ := w.searched(t, "BEFORE, 2", 100)
	require.Len(t, found, 111)
	require.Contains(t, found, made[2])
}

// However common the parts of what is looked for, and however many posts there are, the index reads few blocks for what is rare.
func TestWhatIsRareIsFoundByTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const most = 80 // blocks
	w.many(0, 1, []string{"quicksilver 東京"})
	w.many(0, 9_999, []string{"and", "the", "of"})
	require.NoError(t, w.Index(t.Context(), w.ada))
	_, err := w.store.Pool().Exec(t.Context(), "VACUUM ANALYZE")
	require.NoError(t, err)
	for _, query := range []string{"quicksilver", "東京", "🚀", "qz", "and the quick"} {
		on := &explained{DBTX: w.store}
		candidates, err := queries.PostSearchCandidates(t.Context(), on, db.PostSearchCandidatesParams{
			OwnerID: w.ada, Grams: posts.GramsFor(w.ada, query), BeforeTime: dawn.AddDate(1, 0, 0),
		})
		require.NoError(t, err)
		require.LessOrEqual(t, len(candidates), 1, query)
		require.Less(t, on.blocks, most, query)
	}
}

func TestASearchForNothingVisibleIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, query := range []string{" ", "\u200b", "\u3164", strings.Repeat("\u00ad", 3)} {
		_, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: query})
		require.Equal(t, "query", fault.Of(err).Fields[0].Path, "%q", query)
	}
}
