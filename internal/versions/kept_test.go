package versions_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/versions"
)

// Where a text that is kept comes from can be looked up for as long as the text is.
func TestTheOptimizationOfAKeptTextIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("First")
	source := w.answer(post, suggestion("Taken"), suggestion("Left"))[0]
	require.NoError(t, w.edit(post, "Taken", source))
	there := func(number int32) bool {
		list, _ := w.all(post)
		for _, v := range list {
			if v.Number == number {
				return true
			}
		}
		return false
	}
	for range versions.MaxAnswers + 1 {
		w.answer(post, suggestion("Another"))
	}
	require.True(t, there(source), "its text is the newest")
	require.False(t, there(source+1), "nobody took it")
	for i := range versions.MaxTexts - 1 {
		require.NoError(t, w.edit(post, fmt.Sprint(i), 0))
	}
	require.True(t, there(source), "its text is the oldest that is kept")
	require.NoError(t, w.edit(post, "One more", 0))
	require.False(t, there(source), "its text is gone")
}
