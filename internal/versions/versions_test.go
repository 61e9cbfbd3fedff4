package versions_test

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/versions"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is the versions in a database of their own, with an owner and the posts that make them.
type world struct {
	*versions.Service
	t     *testing.T
	store *postgres.Store
	posts *posts.Service
	owner uuid.UUID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	var err error
	w.store, err = postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(w.store.Close)
	w.Service, w.posts = versions.New(w.store), posts.New(w.store, nil, func() time.Time { return noon })
	user, err := db.New().UserInsert(t.Context(), w.store, db.UserInsertParams{
		ID: uuid.New(), Email: "ada@example.org", EmailKey: "ada@example.org", CreatedAt: noon,
	})
	require.NoError(t, err)
	w.owner = user.ID
	return w
}

func (w *world) draft(content string) posts.Post {
	w.t.Helper()
	post, err := w.posts.Create(w.t.Context(), posts.CreateInput{OwnerID: w.owner, Draft: posts.Draft{Content: content}})
	require.NoError(w.t, err)
	return post
}

// edit changes a post's text, which comes from a version, or from its author where source is 0.
func (w *world) edit(post posts.Post, content string, source int32) error {
	_, err := w.posts.Update(w.t.Context(), posts.UpdateInput{
		OwnerID: w.owner, ID: post.ID, Fields: []string{"content"}, Draft: posts.Draft{Content: content}, SourceVersion: source,
	})
	return err
}

// answer keeps answers about a post's text.
func (w *world) answer(post posts.Post, answers ...versions.Answer) (numbers []int32) {
	w.t.Helper()
	require.NoError(w.t, w.store.InTx(w.t.Context(), func(tx *postgres.Tx) error {
		text, made, err := w.Lock(w.t.Context(), tx, w.owner, post.ID)
		if err != nil {
			return err
		}
		numbers, err = w.PutAnswers(w.t.Context(), tx, post.ID, text, made, noon, answers...)
		return err
	}))
	return numbers
}

// all are the versions of a post, page by page.
func (w *world) all(post posts.Post) (list []versions.Version, pages int) {
	w.t.Helper()
	for token := ""; ; pages++ {
		page, err := w.List(w.t.Context(), versions.ListInput{OwnerID: w.owner, PostID: post.ID, PageToken: token})
		require.NoError(w.t, err)
		list = append(list, page.Versions...)
		if token = page.NextPageToken; token == "" {
			return list, pages + 1
		}
	}
}

func (w *world) rows() (n int) {
	w.t.Helper()
	require.NoError(w.t, w.store.Pool().QueryRow(w.t.Context(), "SELECT count(*) FROM post_versions").Scan(&n))
	return n
}

func suggestion(text string) versions.Answer {
	return versions.Answer{Kind: versions.Optimization, Content: text, OptimizationType: "brevity", Engine: "llm"}
}

func TestAPostThatWasNeverChangedIsItsFirstVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("As it was made")
	list, _ := w.all(post)
	require.Equal(t, []versions.Version{{
		PostID: post.ID, Number: 1, Kind: versions.Text, TextNumber: 1, Content: "As it was made", CreatedAt: post.CreatedAt,
	}}, list)
	require.NoError(t, w.edit(post, "As it was made", 0))
	_, err := w.posts.Update(t.Context(), posts.UpdateInput{OwnerID: w.owner, ID: post.ID, Fields: []string{"tone"}})
	require.NoError(t, err)
	require.Zero(t, w.rows(), "nothing is kept of a post whose text is as it was")
}

func TestEveryTextIsKeptWithWhereItComesFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("First")
	require.NoError(t, w.edit(post, "Second", 0))
	score := 0.5
	numbers := w.answer(post, versions.Answer{
		Kind: versions.Sentiment, SentimentLabel: "positive", SentimentScore: &score, Engine: "llm", Model: "m\x00\xff", ModelVersion: "7",
		PromptHash: "abc", Usage: versions.Usage{InputTokens: 1, OutputTokens: 2, CostMicros: 3},
	}, versions.Answer{Kind: versions.Hashtags, Hashtags: []string{"go"}, Engine: "builtin"}, suggestion("2nd"))
	require.Equal(t, []int32{3, 4, 5}, numbers)
	require.NoError(t, w.edit(post, "2nd!", 5))

	list, _ := w.all(post)
	for i := range list {
		require.Equal(t, post.ID, list[i].PostID)
		list[i].PostID = uuid.Nil
		require.True(t, list[i].CreatedAt.Equal(noon))
		list[i].CreatedAt = time.Time{}
	}
	none := []string{}
	require.Equal(t, []versions.Version{
		{Number: 6, Kind: versions.Text, TextNumber: 6, Content: "2nd!", SourceNumber: 5, Hashtags: none},
		{Number: 5, Kind: versions.Optimization, TextNumber: 2, Content: "2nd", OptimizationType: "brevity", Engine: "llm", Hashtags: none},
		{Number: 4, Kind: versions.Hashtags, TextNumber: 2, Hashtags: []string{"go"}, Engine: "builtin"},
		{Number: 3, Kind: versions.Sentiment, TextNumber: 2, SentimentLabel: "positive", SentimentScore: &score, Engine: "llm", Model: "m\uFFFD\uFFFD",
			ModelVersion: "7", PromptHash: "abc", InputTokens: 1, OutputTokens: 2, CostMicros: 3, Hashtags: none},
		{Number: 2, Kind: versions.Text, TextNumber: 2, Content: "Second", Hashtags: none},
		{Number: 1, Kind: versions.Text, TextNumber: 1, Content: "First", Hashtags: none},
	}, list)
}

func TestATextComesFromAnOptimisationOfItsPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post, other := w.draft("First"), w.draft("Other")
	w.answer(post, versions.Answer{Kind: versions.Sentiment})
	suggested := w.answer(post, suggestion("1st"))[0]
	for name, source := range map[string]int32{"a text": 1, "what was found": 2, "nothing": suggested + 1, "less than nothing": -1} {
		err := w.edit(post, "Changed", source)
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
		require.Equal(t, "sourceVersion", fault.Of(err).Fields[0].Path)
	}
	require.Error(t, w.edit(other, "Changed", suggested), "another post's")
	_, err := w.posts.Update(t.Context(), posts.UpdateInput{
		OwnerID: w.owner, ID: post.ID, Fields: []string{"tone"}, SourceVersion: suggested,
	})
	require.True(t, fault.Is(err, fault.Invalid), "without new content: %v", err)
	kept, err := w.posts.Get(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	require.Equal(t, "First", kept.Content)
	require.NoError(t, w.edit(post, "1st", suggested))
}

// An older build, beside this one while it is rolled out, changes a text and keeps nothing.
func TestATextThatNobodyKeptIsKeptBeforeTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("First")
	require.NoError(t, w.edit(post, "Second", 0))
	_, err := w.store.Exec(t.Context(), "UPDATE posts SET content = 'Unseen' WHERE id = $1", post.ID)
	require.NoError(t, err)
	require.NoError(t, w.edit(post, "Third", 0))
	list, _ := w.all(post)
	var texts []string
	for _, v := range list {
		texts = append(texts, v.Content)
	}
	require.Equal(t, []string{"Third", "Unseen", "Second", "First"}, texts)
}

func TestTheNewestAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("Text 1")
	for i := range versions.MaxTexts + 20 {
		require.NoError(t, w.edit(post, fmt.Sprintf("Text %d", i+2), 0))
		if i%2 == 0 {
			w.answer(post, suggestion(fmt.Sprintf("Suggestion %d", i)))
		}
	}
	list, pages := w.all(post)
	require.Equal(t, 3, pages)
	require.Equal(t, fmt.Sprintf("Text %d", versions.MaxTexts+21), list[0].Content)
	texts := map[int32]bool{}
	before := list[0].Number + 1
	for _, v := range list {
		require.Less(t, v.Number, before, "the newest first, none twice")
		before = v.Number
		if v.Kind == versions.Text {
			texts[v.Number] = true
		}
	}
	require.Len(t, texts, versions.MaxTexts)
	for _, v := range list {
		require.True(t, texts[v.TextNumber], "what is about a text goes with it")
	}

	many := make([]versions.Answer, versions.MaxAnswers)
	for i := range many {
		many[i] = suggestion("Again")
	}
	w.answer(post, many...)
	w.answer(post, many...)
	list, _ = w.all(post)
	require.Len(t, list, versions.MaxTexts+versions.MaxAnswers, "answers take no text's place")
}

func TestNoVersionIsLostToAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("First")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() { w.answer(post, suggestion("a"), suggestion("b")) })
		all.Go(func() { require.NoError(t, w.edit(post, fmt.Sprintf("Text %d", i), 0)) })
	}
	all.Wait()
	list, _ := w.all(post)
	require.Len(t, list, 1+4+8)
	require.Equal(t, int32(len(list)), list[0].Number)
}

func TestADiffIsBetweenAnyTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("We ship today")
	diff := func(from, to int32) []versions.Part {
		t.Helper()
		parts, err := w.Diff(t.Context(), versions.DiffInput{OwnerID: w.owner, PostID: post.ID, From: from, To: to})
		require.NoError(t, err)
		return parts
	}
	same := []versions.Part{{Operation: versions.Keep, Text: "We ship today"}}
	require.Equal(t, same, diff(0, 1), "the first version of a post that was never changed")
	suggested := w.answer(post, versions.Answer{Kind: versions.Sentiment}, suggestion("We ship now"))
	require.Equal(t, same, diff(0, suggested[0]), "what was found has the text that it is about")
	change := []versions.Part{
		{Operation: versions.Keep, Text: "We ship "}, {Operation: versions.Delete, Text: "today"}, {Operation: versions.Insert, Text: "now"},
	}
	require.Equal(t, change, diff(0, suggested[1]))
	require.NoError(t, w.edit(post, "We ship now", suggested[1]))
	require.Equal(t, change, diff(1, 0))

	for name, in := range map[string]versions.DiffInput{
		"no such version":    {OwnerID: w.owner, PostID: post.ID, From: 9},
		"no such post":       {OwnerID: w.owner, PostID: uuid.New(), From: 1},
		"another's post":     {OwnerID: uuid.New(), PostID: post.ID, From: 1},
		"one of two is none": {OwnerID: w.owner, PostID: post.ID, From: 1, To: 99},
	} {
		_, err := w.Diff(t.Context(), in)
		require.True(t, fault.Is(err, fault.NotFound), "%s: %v", name, err)
	}
	_, err := w.Diff(t.Context(), versions.DiffInput{OwnerID: w.owner, PostID: post.ID})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	_, err = w.List(t.Context(), versions.ListInput{OwnerID: uuid.New(), PostID: post.ID})
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}

func TestVersionsGoWithTheirPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("First")
	require.NoError(t, w.edit(post, "Second", 0))
	require.Equal(t, 2, w.rows())
	require.NoError(t, w.posts.Delete(t.Context(), posts.DeleteInput{OwnerID: w.owner, ID: post.ID}))
	require.Zero(t, w.rows())
}
