package posts_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
				return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, States: []string{posts.StateDraft}, PageSize: size, PageToken: token})
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
	page, err := w.List(t.Context(), posts.ListInput{OwnerID: w.ada, States: []string{posts.StateFailed}})
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
			return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, States: []string{"draft"}, PageToken: token})
		},
		"an account": func() (posts.Page, error) {
			return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, AccountID: &w.adasAccount, PageToken: token})
		},
		"another order": func() (posts.Page, error) {
			return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, Order: posts.Scheduled, PageToken: token})
		},
		"a bound": func() (posts.Page, error) {
			return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, From: &dawn, PageToken: token})
		},
		"the other bound": func() (posts.Page, error) {
			return w.List(t.Context(), posts.ListInput{OwnerID: w.ada, Before: &dawn, PageToken: token})
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
		"GRÖSSE":   {"ÉCOLE Größe Ω"}, // ß is ss, whatever the case
		"grosse":   {},                // no other spelling is guessed
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
	all, err := posts.FromRows(queries.PostListByOwner(t.Context(), w.store, db.PostListByOwnerParams{
		OwnerID: w.ada, BeforeTime: dawn.AddDate(1, 0, 0), BeforeID: uuid.Max, PageSize: size * pages,
	}))
	require.NoError(t, err)
	require.Len(t, all, size*pages)

	// read is how many blocks of 8 KiB the page after a post takes, and its posts.
	read := func(after posts.Post, state string) (int, []posts.Post) {
		on := &explained{DBTX: w.store}
		var rows []posts.Post
		var err error
		if state == "" {
			rows, err = posts.FromRows(queries.PostListByOwner(t.Context(), on, db.PostListByOwnerParams{
				OwnerID: w.ada, BeforeTime: after.CreatedAt, BeforeID: after.ID, PageSize: size + 1,
			}))
		} else {
			rows, err = posts.FromRows(queries.PostListByState(t.Context(), on, db.PostListByStateParams{
				OwnerID: w.ada, States: []string{state}, BeforeTime: after.CreatedAt, BeforeID: after.ID, PageSize: size + 1,
			}))
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

// What is looked for is the oldest hundred of 10,000 posts, as far from the list's beginning as can be.
func TestWhatAListLeavesOutIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const most = 60 // blocks: of the indexes for each state, and of the table for each post of a page
	var old []uuid.UUID
	for range 10 {
		made, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: w.drafts(posts.MaxBatch)})
		require.NoError(t, err)
		if old == nil {
			for _, post := range made[:100] {
				old = append(old, post.ID)
			}
		}
	}
	other := w.account(w.ada, "ada-too")
	all := []string{
		posts.StateDraft, posts.StateScheduled, posts.StateQueued, posts.StatePublishing, posts.StatePublished, posts.StateFailed, posts.StateUnconfirmed,
	}
	_, err := w.store.Pool().Exec(t.Context(), `UPDATE posts SET revision = revision + 1,
			account_id = CASE WHEN id = ANY ($1::uuid[]) THEN $3::uuid ELSE $2 END,
			state = CASE WHEN id = ANY ($1::uuid[]) THEN 'scheduled' ELSE 'queued' END,
			scheduled_at = created_at + CASE WHEN id = ANY ($1::uuid[]) THEN interval '1 day' ELSE interval '1 hour' END`,
		old, w.adasAccount, other)
	require.NoError(t, err)
	_, err = w.store.Pool().Exec(t.Context(), "VACUUM ANALYZE posts")
	require.NoError(t, err)
	end := dawn.AddDate(1, 0, 0)
	for name, list := range map[string]func(on db.DBTX) ([]posts.Post, error){
		"two states": func(on db.DBTX) ([]posts.Post, error) {
			return posts.FromRows(queries.PostListByState(t.Context(), on, db.PostListByStateParams{
				OwnerID: w.ada, States: []string{posts.StateScheduled, posts.StateFailed}, BeforeTime: end, PageSize: 11,
			}))
		},
		"an account": func(on db.DBTX) ([]posts.Post, error) {
			return posts.FromRows(queries.PostListByAccount(t.Context(), on, db.PostListByAccountParams{
				OwnerID: w.ada, AccountID: other, States: all, BeforeTime: end, PageSize: 11,
			}))
		},
		"what comes next": func(on db.DBTX) ([]posts.Post, error) {
			return posts.FromRows(queries.PostListScheduled(t.Context(), on, db.PostListScheduledParams{
				OwnerID: w.ada, States: []string{posts.StateScheduled}, AfterTime: dawn, BeforeTime: end, PageSize: 11,
			}))
		},
		"what comes next of an account": func(on db.DBTX) ([]posts.Post, error) {
			return posts.FromRows(queries.PostListScheduledByAccount(t.Context(), on, db.PostListScheduledByAccountParams{
				OwnerID: w.ada, AccountID: other, States: all, AfterTime: dawn, BeforeTime: end, PageSize: 11,
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			on := &explained{DBTX: w.store}
			rows, err := list(on)
			require.NoError(t, err)
			require.Len(t, rows, 11)
			require.Subset(t, old, idsOf(rows))
			require.Less(t, on.blocks, most)
		})
	}
}

func idsOf(list []posts.Post) (ids []uuid.UUID) {
	for _, post := range list {
		ids = append(ids, post.ID)
	}
	return ids
}

// Whatever is asked for, page by page, is what sorting and sifting all posts by hand gives.
func TestEveryListIsWhatItsFiltersSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accounts := []uuid.UUID{w.adasAccount, w.account(w.ada, "ada-too")}
	made, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: w.drafts(60)})
	require.NoError(t, err)
	states := []string{posts.StateDraft, posts.StateScheduled, posts.StateQueued, posts.StatePublishing}
	hour := func(n int) time.Time { return dawn.Add(time.Duration(n) * time.Hour) }
	for i := range made { // few times, so that ids decide between posts
		p := &made[i]
		p.State, p.CreatedAt = states[i%len(states)], hour(i%7)
		if i%3 > 0 {
			p.AccountID = &accounts[i%2]
		}
		if i%5 > 0 {
			at := hour(24 + i%6)
			p.ScheduledAt = &at
		}
		_, err := w.store.Pool().Exec(
			t.Context(),
			"UPDATE posts SET revision = revision + 1, state = $2, created_at = $3, account_id = $4, scheduled_at = $5 WHERE id = $1",
			p.ID,
			p.State,
			p.CreatedAt,
			p.AccountID,
			p.ScheduledAt,
		)
		require.NoError(t, err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		in := posts.ListInput{
			OwnerID: w.ada, Order: rapid.SampledFrom([]posts.Order{posts.Newest, posts.Scheduled}).Draw(rt, "order"),
			States:   rapid.SliceOfN(rapid.SampledFrom(states), 0, 3).Draw(rt, "states"),
			PageSize: rapid.SampledFrom([]int{1, 7, 100}).Draw(rt, "size"),
		}
		if rapid.Bool().Draw(rt, "of an account") {
			in.AccountID = &accounts[rapid.IntRange(0, 1).Draw(rt, "account")]
		}
		if rapid.Bool().Draw(rt, "from") {
			from := hour(rapid.IntRange(0, 28).Draw(rt, "from hour"))
			in.From = &from
		}
		if rapid.Bool().Draw(rt, "before") {
			before := hour(rapid.IntRange(29, 31).Draw(rt, "before hour"))
			in.Before = &before
		}
		timeOf := func(p posts.Post) time.Time {
			if in.Order == posts.Scheduled {
				return *p.ScheduledAt
			}
			return p.CreatedAt
		}
		want := []uuid.UUID{}
		sorted := slices.Clone(made)
		sorted = slices.DeleteFunc(sorted, func(p posts.Post) bool {
			return in.Order == posts.Scheduled && p.ScheduledAt == nil ||
				len(in.States) > 0 && !slices.Contains(in.States, p.State) ||
				in.AccountID != nil && (p.AccountID == nil || *p.AccountID != *in.AccountID) ||
				in.From != nil && timeOf(p).Before(*in.From) || in.Before != nil && !timeOf(p).Before(*in.Before)
		})
		slices.SortFunc(sorted, func(a, b posts.Post) int {
			order := cmp.Or(timeOf(a).Compare(timeOf(b)), bytes.Compare(a.ID[:], b.ID[:]))
			if in.Order == posts.Newest {
				order = -order
			}
			return order
		})
		want = append(want, idsOf(sorted)...)
		got := []uuid.UUID{}
		for {
			page, err := w.List(t.Context(), in)
			require.NoError(rt, err)
			got = append(got, idsOf(page.Posts)...)
			if in.PageToken = page.NextPageToken; in.PageToken == "" {
				break
			}
			require.LessOrEqual(rt, len(got), len(want))
		}
		require.Equal(rt, want, got)
	})
}

func TestBoundsOfAListThatCannotBeAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	far, ago := time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-12_000, 1, 1, 0, 0, 0, 0, time.UTC)
	later := dawn.Add(time.Hour)
	for name, c := range map[string]struct {
		in   posts.ListInput
		want []string
	}{
		"the wrong way round": {posts.ListInput{From: &later, Before: &dawn}, []string{"beforeTime"}},
		"nothing between":     {posts.ListInput{From: &dawn, Before: &dawn}, []string{"beforeTime"}},
		"out of all bounds":   {posts.ListInput{From: &far, PageSize: -1}, []string{"fromTime", "pageSize"}},
		"both at once":        {posts.ListInput{From: &dawn, Before: &ago}, []string{"beforeTime"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.OwnerID = w.ada
			_, err := w.List(t.Context(), c.in)
			require.Equal(t, c.want, fieldsOf(t, err))
		})
	}
}
