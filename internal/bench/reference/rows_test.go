package reference_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/bench/reference"
	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/text"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func rows(contents ...string) (list []reference.Row) {
	for _, content := range contents {
		list = append(list, reference.Row{Content: content, Folded: text.Fold(content)})
	}
	return list
}

// Whichever way posts are written, the API has them afterwards, as if it had made them itself.
func TestRowsWrittenPastTheAPIAreThereForIt(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	w.Serve()
	owner := uuid.MustParse(w.UserID("tess@example.org"))
	conn := connect(t, w.DatabaseURL)
	require.NoError(t, reference.InsertRows(t.Context(), conn, owner, rows("Inserted one", "Inserted two")))
	require.NoError(t, reference.CopyRows(t.Context(), conn, owner, rows("Copied one", "Copied two", "Copied three")))

	for query, want := range map[string]int{"INSERTED": 2, "copied": 3} {
		found, err := w.Posts.SearchPosts(t.Context(), &postwrightv1.SearchPostsRequest{Query: query})
		require.NoError(t, err)
		require.Len(t, found.GetPosts(), want, query)
		for _, post := range found.GetPosts() {
			ours := w.Draft(post.GetContent())
			ours.Id, ours.CreateTime, ours.UpdateTime = post.GetId(), post.GetCreateTime(), post.GetUpdateTime()
			require.Equal(t, ours.String(), post.String())
		}
	}
	pgbench, err := devdb.Program(t.Context(), "pgbench")
	require.NoError(t, err)
	p := reference.PGBench{Program: pgbench, URL: w.DatabaseURL, Dir: t.TempDir(), Clients: 2}
	made, err := p.Create(t.Context(), time.Second, owner.String(), rows("It's benched")[0])
	require.NoError(t, err)
	require.Positive(t, made.Transactions)
	require.InDelta(t, 1, made.Took.Seconds(), 1, "it was told to go on for a second")

	benched, err := w.Posts.SearchPosts(t.Context(), &postwrightv1.SearchPostsRequest{Query: "it's benched"})
	require.NoError(t, err)
	require.NotEmpty(t, benched.GetPosts())

	keys := []reference.Key{{ID: benched.GetPosts()[0].GetId(), Owner: owner.String()}}
	read, err := p.Get(t.Context(), time.Second, keys)
	require.NoError(t, err)
	require.Positive(t, read.Transactions)
}

func TestReadsPastTheAPIFindWhatItFinds(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	owner := uuid.MustParse(w.UserID("tess@example.org"))
	conn := connect(t, w.DatabaseURL)
	require.NoError(t, reference.InsertRows(t.Context(), conn, owner, rows("A rare Zebra", "A horse", "Another horse", "A third horse")))
	require.NoError(t, reference.WithoutTextIndexes(t.Context(), conn))
	for _, c := range []struct {
		word       string
		most, want int
	}{{"zebra", 10, 1}, {"HORSE", 10, 3}, {"horse", 2, 2}, {"cow", 10, 0}} {
		found, err := reference.SearchByILike(t.Context(), conn, owner, c.word, c.most)
		require.NoError(t, err)
		require.Equal(t, c.want, found, c.word)
	}
	for before, want := range map[int]int{0: 3, 2: 2, 4: 0} {
		found, err := reference.ListByOffset(t.Context(), conn, owner, before, 3)
		require.NoError(t, err)
		require.Equal(t, want, found, "after %d", before)
	}
}

func TestAPGBenchThatFailsIsNoFigure(t *testing.T) {
	t.Parallel()
	pgbench, err := devdb.Program(t.Context(), "pgbench")
	require.NoError(t, err)
	w := apptest.New(t)
	p := reference.PGBench{Program: pgbench, URL: w.DatabaseURL, Dir: t.TempDir(), Clients: 1}
	_, err = p.Create(t.Context(), time.Second, uuid.NewString(), rows("Of nobody")[0])
	require.ErrorContains(t, err, "foreign key")
}
