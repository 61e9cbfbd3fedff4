package bench

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Every post belongs to one owner, every text is another, and no batch is larger than the API takes.
func TestPostsAreDividedAmongOwners(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := Size{Owners: rapid.IntRange(2, 2_000).Draw(t, "owners"), Posts: rapid.IntRange(10, 100_000).Draw(t, "posts")}
		list, big := batches(size)
		of := make([]int, size.Owners)
		next := 0
		for _, b := range list {
			require.Equal(t, next, b.first)
			require.LessOrEqual(t, b.size, batchSize)
			require.Positive(t, b.size)
			next += b.size
			of[b.owner] += b.size
		}
		require.Equal(t, size.Posts, next)
		require.Equal(t, size.Posts/10, big)
		require.Equal(t, big, of[bigOwner])
		for _, posts := range of[1:] {
			require.InDelta(t, of[1], posts, 1)
		}
	})
}

func TestTheWordsThatAreSearchedForAreWhereTheyShouldBe(t *testing.T) {
	t.Parallel()
	list, _ := batches(Short)
	rare := 0
	seen := map[string]bool{}
	for _, b := range list {
		for _, post := range b.request().GetPosts() {
			text := post.GetContent()
			require.Contains(t, text, commonWord)
			require.NotContains(t, text, absentWord)
			if strings.Contains(text, rareWord) {
				require.Equal(t, bigOwner, b.owner)
				rare++
			}
			seen[text] = true
		}
	}
	require.Equal(t, rarePosts, rare)
	require.Len(t, seen, Short.Posts, "no two texts are the same")
	require.Equal(t, newText(7, false), newText(7, false), "every run has the same")
}
