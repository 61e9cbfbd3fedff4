package publishing

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/posts"
)

// BenchmarkApproving measures a batch of 1,000 new posts, rows and jobs in one transaction, beside the same posts created
// and approved one by one in the same run: "ms/batch", "ms/singly", and how many times faster the batch is.
func BenchmarkApproving(b *testing.B) {
	w := newWorld(b)
	w.now = time.Now
	var batch, singly time.Duration
	for round := range b.N {
		drafts := make([]posts.Draft, posts.MaxBatch)
		for i := range drafts {
			drafts[i] = posts.Draft{Content: fmt.Sprintf("Round %d, number %d", round, i)}
		}
		began := time.Now()
		approved, err := w.PublishBatch(b.Context(), PublishBatchInput{OwnerID: w.owner, Drafts: drafts})
		batch += time.Since(began)
		require.NoError(b, err)
		require.Len(b, approved.IDs, posts.MaxBatch)
		require.Empty(b, approved.Refused)

		began = time.Now()
		for _, draft := range drafts {
			post, err := w.posts.Create(b.Context(), posts.CreateInput{OwnerID: w.owner, Draft: draft})
			require.NoError(b, err)
			_, err = w.Publish(b.Context(), PublishInput{OwnerID: w.owner, ID: post.ID})
			require.NoError(b, err)
		}
		singly += time.Since(began)
	}
	b.ReportMetric(0, "ns/op") // both ways together say nothing
	b.ReportMetric(float64(batch.Milliseconds())/float64(b.N), "ms/batch")
	b.ReportMetric(float64(singly.Milliseconds())/float64(b.N), "ms/singly")
	b.ReportMetric(float64(singly)/float64(batch), "times-faster")
}
