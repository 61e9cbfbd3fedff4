package posts

import (
	"maps"
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

// numbered are all grams that a query may be looked up by.
func numbered(ownerID uuid.UUID, query string) []int32 {
	grams, _ := rarest(piecesOf(ownerID, query), nil)
	return grams
}

// Whatever a text contains is found by its grams.
func TestATextHasTheGramsOfAllThatItContains(t *testing.T) {
	t.Parallel()
	character := rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("aabßẞΣςİı %東京🚀é\u0301 \n\u200d")))
	rapid.Check(t, func(rt *rapid.T) {
		folded := []rune(text.Fold(rapid.StringOf(character).Draw(rt, "content")))
		begin := rapid.IntRange(0, len(folded)).Draw(rt, "begin")
		query := string(folded[begin:rapid.IntRange(begin, len(folded)).Draw(rt, "end")])
		pieces := piecesOf(ada, query)
		require.Equal(rt, strings.TrimSpace(query) != "", len(pieces) > 0, "whatever a reader sees has a gram: %q", query)
		if len(pieces) == 0 {
			return
		}
		sample := rapid.SliceOfN(rapid.StringOf(character), 0, 50).Draw(rt, "sample")
		grams, named := rarest(pieces, sample)
		require.True(rt, subset(grams, gramsOf(ada, string(folded))), "%q in %q", query, string(folded))
		require.NotEmpty(rt, grams)
		require.LessOrEqual(rt, len(grams), gramsAtMost)
		having := 0
		for _, content := range sample {
			if strings.Contains(content, query) {
				having++
			}
		}
		require.GreaterOrEqual(rt, named, having, "whatever has the query has its grams")
		require.LessOrEqual(rt, named, len(sample))
	})
}

// The parts of a text that the fewest posts have are those it is looked up by.
func TestATextIsLookedUpByItsRarestGrams(t *testing.T) {
	t.Parallel()
	sample := func(having map[string]int) []string {
		contents := make([]string, 20)
		for word, n := range having {
			for i := range n {
				contents[i] += " " + word
			}
		}
		return contents
	}
	numbers := func(texts ...string) (of []int32) {
		for _, text := range texts {
			of = append(of, gram(ada, []rune(text)))
		}
		return of
	}
	query := "abc def ghi jkl mno pqr"
	every := map[string]int{"abc": 20, "def": 20, "ghi": 20, "jkl": 20, "mno": 20, "pqr": 20}
	with := func(n int, words ...string) map[string]int {
		having := maps.Clone(every)
		for _, word := range words {
			having[word] = n
		}
		return having
	}
	for name, c := range map[string]struct {
		having map[string]int
		want   []int32 // the first of them, which are all where there are no others
		asked  int
		named  int
	}{
		"all in every post":    {every, nil, 4, 20},
		"one in half and one":  {with(11, "abc"), numbers("abc"), 4, 11},
		"one in half":          {with(10, "abc"), numbers("abc"), 4, 10},
		"two of them in a few": {with(5, "mno", "ghi"), numbers("mno", "ghi"), 4, 5},
		"one in very few":      {with(3, "pqr"), numbers("pqr"), 6, 3},
		"one in none":          {with(0, "def"), numbers("def"), 6, 0},
		"no post to look at":   {nil, nil, 6, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contents := sample(c.having)
			if c.having == nil {
				contents = nil
			}
			grams, named := rarest(piecesOf(ada, query), contents)
			require.Equal(t, c.named, named)
			require.Len(t, grams, c.asked)
			require.ElementsMatch(t, c.want, grams[:len(c.want)])
		})
	}
}

func TestGramsTellTextsApart(t *testing.T) {
	t.Parallel()
	for query, content := range map[string]string{
		"東西": "東京 西", "🚀": "a rocket", "qz": "zq", "c++": "c#", "%": "per cent", "ж": "x", "ябл": "апельсин", "abc": "ab bc a c", "a b c": "a b",
	} {
		require.False(t, subset(numbered(ada, query), gramsOf(ada, content)), "%q in %q", query, content)
	}
	require.False(t, subset(numbered(bob, "one"), gramsOf(ada, "one")), "another owner's")
	require.Len(t, gramsOf(ada, "aaaa aaa"), 3, "each once")
	require.Len(t, piecesOf(ada, strings.Repeat("one two three four five six seven eight nine ten ", 300)), gramsAtMost)
}
