package posts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/posts"
)

// contents are the contents of posts, in their order.
func contents(list []posts.Post) []string {
	found := []string{}
	for _, p := range list {
		found = append(found, p.Content)
	}
	return found
}

// walk visits every page, newest first; between runs between two pages.
func walk(t *testing.T, next func(token string) (posts.Page, error), size int, between func()) []string {
	t.Helper()
	var seen []string
	for token := ""; ; between() {
		page, err := next(token)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Posts), size)
		seen = append(seen, contents(page.Posts)...)
		require.Less(t, len(seen), 1000, "the pages never end")
		if page.NextPageToken == "" {
			return seen
		}
		require.Len(t, page.Posts, size, "only the last page may be short")
		token = page.NextPageToken
	}
}

func TestPagingVisitsEveryPostOnceWhileOthersAreMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// A batch shares one moment, so that the id must decide between its posts; the others differ in time.
	_, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: w.drafts(25)})
	require.NoError(t, err)
	var want []string
	for i := range 9 {
		want = append([]string{w.draft(fmt.Sprintf("Post %d", 25+i)).Content}, want...)
	}
	for i := 24; i >= 0; i-- {
		want = append(want, fmt.Sprintf("Post %d", i))
	}
	_, err = w.Create(t.Context(), posts.CreateInput{OwnerID: w.bob, Draft: posts.Draft{Content: "Post of another"}})
	require.NoError(t, err)
	later := func() { w.draft("Post made later") }

	for name, next := range map[string]func(size int) func(string) (posts.Page, error){
		"list": func(size int) func(string) (posts.Page, error) {
			return func(token string) (posts.Page, error) {
				return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, PageSize: size, PageToken: token})
			}
		},
		"list of a state": func(size int) func(string) (posts.Page, error) {
			return func(token string) (posts.Page, error) {
				return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, State: posts.StateDraft, PageSize: size, PageToken: token})
			}
		},
		"search": func(size int) func(string) (posts.Page, error) {
			return func(token string) (posts.Page, error) {
				return w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: "post", PageSize: size, PageToken: token})
			}
		},
	} {
		for _, size := range []int{1, 7, 34, 100} {
			t.Run(fmt.Sprintf("%s by %d", name, size), func(t *testing.T) {
				later := later
				if name == "list" && size == 1 {
					later = func() {} // the last page is full, and nothing follows
				}
				seen := walk(t, next(size), size, later)
				old := []string{}
				for _, c := range seen {
					if c != "Post made later" { // by the walks before this one
						old = append(old, c)
					}
				}
				require.Equal(t, want, old)
			})
		}
	}
}

func TestAPageHoldsTenPostsWhereNobodySays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: w.drafts(10)})
	require.NoError(t, err)
	page, err := w.List(t.Context(), posts.ListInput{OwnerID: w.ada})
	require.NoError(t, err)
	require.Len(t, page.Posts, 10)
	require.Empty(t, page.NextPageToken, "there is no eleventh")
	w.draft("The eleventh")
	page, err = w.List(t.Context(), posts.ListInput{OwnerID: w.ada})
	require.NoError(t, err)
	require.Len(t, page.Posts, 10)
	require.NotEmpty(t, page.NextPageToken)
}

func TestAListCanBeOfOneState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.in(posts.StateDraft)
	w.in(posts.StateFailed)
	w.in(posts.StatePublished)
	page, err := w.List(t.Context(), posts.ListInput{OwnerID: w.ada, State: posts.StateFailed})
	require.NoError(t, err)
	require.Equal(t, []string{"A post that comes to be failed"}, contents(page.Posts))
}

func TestAPageTokenHoldsForItsOwnQueryOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.draft("one")
	w.draft("one more")
	page, err := w.List(t.Context(), posts.ListInput{OwnerID: w.ada, PageSize: 1})
	require.NoError(t, err)
	token := page.NextPageToken
	found, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: "one", PageSize: 1})
	require.NoError(t, err)
	for name, ask := range map[string]func() (posts.Page, error){
		"another state": func() (posts.Page, error) {
			return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, State: "draft", PageToken: token})
		},
		"another owner": func() (posts.Page, error) {
			return w.List(t.Context(), posts.ListInput{OwnerID: w.bob, PageToken: token})
		},
		"a search": func() (posts.Page, error) {
			return w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: "one", PageToken: token})
		},
		"another search": func() (posts.Page, error) {
			return w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: "more", PageToken: found.NextPageToken})
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask()
			require.Equal(t, []string{"pageToken"}, fieldsOf(t, err))
		})
	}
	t.Run("another size is no other query", func(t *testing.T) {
		page, err := w.List(t.Context(), posts.ListInput{OwnerID: w.ada, PageSize: 5, PageToken: token})
		require.NoError(t, err)
		require.Equal(t, []string{"one"}, contents(page.Posts))
	})
}

func TestEveryFaultOfAPageIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, size := range []int{-1, 101} {
		_, err := w.List(t.Context(), posts.ListInput{OwnerID: w.ada, PageSize: size, PageToken: "?"})
		require.Equal(t, []string{"pageSize", "pageToken"}, fieldsOf(t, err))
		_, err = w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: "a", PageSize: size, PageToken: "?"})
		require.Equal(t, []string{"pageSize", "pageToken"}, fieldsOf(t, err))
	}
}

func TestSearchTakesTheQueryLiterally(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, content := range []string{"100% sure", "100 percent", "snake_case", "snakeXcase", `back\slash`, "ÉCOLE Größe Ω", "it's", "two\nlines"} {
		w.draft(content)
	}
	for query, want := range map[string][]string{
		"%":        {"100% sure"},
		"0% s":     {"100% sure"},
		"_":        {"snake_case"},
		"SNAKE":    {"snakeXcase", "snake_case"},
		`\`:        {`back\slash`},
		"école":    {"ÉCOLE Größe Ω"},
		"GRÖSSE":   {}, // no spelling is guessed
		"größe ω":  {"ÉCOLE Größe Ω"},
		"'":        {"it's"},
		"o\nl":     {"two\nlines"},
		"nowhere":  {},
		".*":       {},
		"' OR 1=1": {},
	} {
		t.Run(query, func(t *testing.T) {
			page, err := w.Search(t.Context(), posts.SearchInput{OwnerID: w.ada, Query: query})
			require.NoError(t, err)
			require.Equal(t, want, contents(page.Posts))
			page, err = w.Search(t.Context(), posts.SearchInput{OwnerID: w.bob, Query: query})
			require.NoError(t, err)
			require.Empty(t, page.Posts, "another owner sees nothing")
		})
	}
}

// explained hands a statement's text to the database as one to explain, and keeps the plan.
type explained struct {
	db.DBTX
	blocks int
}

func (e *explained) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	var plan []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	var text []byte
	err := e.DBTX.QueryRow(ctx, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+sql, args...).Scan(&text)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &plan); err != nil {
		return nil, err
	}
	e.blocks = plan[0].Plan.Hit + plan[0].Plan.Read
	return e.DBTX.Query(ctx, sql, args...)
}

func TestPageOneThousandReadsAsLittleAsPageOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const size, pages = 10, 1000
	for range size * pages / posts.MaxBatch {
		_, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: w.drafts(posts.MaxBatch)})
		require.NoError(t, err)
	}
	_, err := w.store.Pool().Exec(t.Context(), "ANALYZE posts")
	require.NoError(t, err)
	all, err := queries.PostListByOwner(t.Context(), w.store, db.PostListByOwnerParams{
		OwnerID: w.ada, BeforeTime: dawn.AddDate(1, 0, 0), BeforeID: uuid.Max, PageSize: size * pages,
	})
	require.NoError(t, err)
	require.Len(t, all, size*pages)

	// read is how many blocks of 8 KiB the page after a post takes, and its posts.
	read := func(after posts.Post, state string) (int, []posts.Post) {
		on := &explained{DBTX: w.store}
		var rows []posts.Post
		var err error
		if state == "" {
			rows, err = queries.PostListByOwner(t.Context(), on, db.PostListByOwnerParams{
				OwnerID: w.ada, BeforeTime: after.CreatedAt, BeforeID: after.ID, PageSize: size + 1,
			})
		} else {
			rows, err = queries.PostListByOwnerAndState(t.Context(), on, db.PostListByOwnerAndStateParams{
				OwnerID: w.ada, State: state, BeforeTime: after.CreatedAt, BeforeID: after.ID, PageSize: size + 1,
			})
		}
		require.NoError(t, err)
		return on.blocks, rows
	}
	for _, state := range []string{"", posts.StateDraft} {
		first, rows := read(posts.Post{CreatedAt: dawn.AddDate(1, 0, 0)}, state)
		require.Len(t, rows, size+1)
		last, rows := read(all[size*(pages-1)-1], state)
		require.Equal(t, contents(all[size*(pages-1):]), contents(rows))
		require.Positive(t, first)
		require.LessOrEqual(t, last, first+2, "page 1 reads %d blocks", first)
	}
}
