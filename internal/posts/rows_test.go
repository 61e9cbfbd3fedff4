package posts_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest/rowtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

func TestEveryColumnOfAPostIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, posts.FromRow)
}

func TestRowsAreMappedInTheirOrderAndAFailureIsHandedOn(t *testing.T) {
	t.Parallel()
	found, err := posts.FromRows([]db.Post{{Content: "a"}, {Content: "b"}}, nil)
	require.NoError(t, err)
	require.Equal(t, []posts.Post{{Content: "a"}, {Content: "b"}}, found)
	failed := fault.New(fault.Unavailable, "gone")
	found, err = posts.FromRows(nil, failed)
	require.Empty(t, found)
	require.Equal(t, error(failed), err)
}

// It does not run beside others, whose allocations would be counted too.
func TestAMappingAllocatesNothingButTheSlice(t *testing.T) {
	rows := make([]db.Post, 100)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = posts.FromRow(rows[0], nil) }))
	require.InDelta(t, 1, testing.AllocsPerRun(100, func() { _, _ = posts.FromRows(rows, nil) }), 0)
}

// BenchmarkAPage measures a page of posts as the database gives it, and beside it what is done to map it to posts: "%-mapping" is
// how much of the page's time that takes.
func BenchmarkAPage(b *testing.B) {
	w := newWorld(b)
	_, err := w.CreateBatch(b.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: w.drafts(posts.MaxPageSize)})
	require.NoError(b, err)
	var reading, mapping time.Duration
	for b.Loop() {
		began := time.Now()
		rows, err := queries.PostListByOwner(b.Context(), w.store, db.PostListByOwnerParams{
			OwnerID: w.ada, BeforeTime: dawn.AddDate(1, 0, 0), BeforeID: uuid.Max, PageSize: posts.MaxPageSize,
		})
		read := time.Now()
		found, err := posts.FromRows(rows, err)
		reading, mapping = reading+read.Sub(began), mapping+time.Since(read)
		require.NoError(b, err)
		require.Len(b, found, posts.MaxPageSize)
	}
	b.ReportMetric(100*float64(mapping)/float64(reading+mapping), "%-mapping")
}
