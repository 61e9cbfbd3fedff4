package posts

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/text"
)

var ada, bob = uuid.MustParse("0190a000-0000-7000-8000-00000000000a"), uuid.MustParse("0190a000-0000-7000-8000-00000000000b")

func subset(part, whole []int32) bool {
	in := map[int32]bool{}
	for _, gram := range whole {
		in[gram] = true
	}
	for _, gram := range part {
		if !in[gram] {
			return false
		}
	}
	return true
}

// Whatever a text contains is found by its grams.
func TestATextHasTheGramsOfAllThatItContains(t *testing.T) {
	t.Parallel()
	character := rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("aabßẞΣςİı %東京🚀é\u0301 \n\u200d")))
	rapid.Check(t, func(rt *rapid.T) {
		folded := []rune(text.Fold(rapid.StringOf(character).Draw(rt, "content")))
		begin := rapid.IntRange(0, len(folded)).Draw(rt, "begin")
		query := string(folded[begin:rapid.IntRange(begin, len(folded)).Draw(rt, "end")])
		grams := gramsFor(ada, query)
		require.True(rt, subset(grams, gramsOf(ada, string(folded))), "%q in %q", query, string(folded))
		require.LessOrEqual(rt, len(grams), gramsAtMost)
		require.Equal(rt, strings.TrimSpace(query) != "", len(grams) > 0, "whatever a reader sees has a gram: %q", query)
	})
}

func TestGramsTellTextsApart(t *testing.T) {
	t.Parallel()
	for query, content := range map[string]string{
		"東西": "東京 西", "🚀": "a rocket", "qz": "zq", "c++": "c#", "%": "per cent", "ж": "x", "ябл": "апельсин", "abc": "ab bc a c", "a b c": "a b",
	} {
		require.False(t, subset(gramsFor(ada, query), gramsOf(ada, content)), "%q in %q", query, content)
	}
	require.False(t, subset(gramsFor(bob, "one"), gramsOf(ada, "one")), "another owner's")
	require.Len(t, gramsOf(ada, "aaaa aaa"), 3, "each once")
	require.Len(t, gramsFor(ada, strings.Repeat("one two three four five six seven eight nine ten ", 300)), gramsAtMost)
}
