package lexical

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// pieces are texts in which everything is near everything else.
func pieces() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"a", "é", "#", "@", ".", "ab", ".de", "https://", "http", "://", "-", "_", ",", "/", "?", "!", "\u200d", "\u0301", " ", "\n", "\v", "1", "\u2003",
	})
	return rapid.Map(rapid.SliceOfN(piece, 0, 25), func(list []string) string { return strings.Join(list, "") })
}

// What is looked for piece by piece is what one expression finds, which takes a time that grows with the square of the text.
func TestWhatIsNoProseIsWhatOneExpressionFinds(t *testing.T) {
	t.Parallel()
	const mail = `\S+@\S+\.\S+`
	for name, c := range map[string]struct {
		found written
		by    *regexp.Regexp
	}{
		"that no rule may change":    {untouchable, regexp.MustCompile(link + `|` + tag + `|` + mail + `|` + website)},
		"that belong to no language": {notProse, regexp.MustCompile(link + `|` + simpleTag + `|` + mail)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				text := pieces().Draw(t, "text")
				var want [][2]int
				for _, at := range c.by.FindAllStringIndex(text, -1) {
					want = append(want, [2]int{at[0], at[1]})
				}
				require.Equal(t, want, c.found.in(text))
			})
		})
	}
}

// A phrase is found where an expression between word boundaries finds it.
func TestAPhraseIsFoundWhereAnExpressionFindsIt(t *testing.T) {
	t.Parallel()
	s := substitution{phrase: "an an", by: "x"}
	expression := regexp.MustCompile(`(?i)\ban an\b`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"an", " ", "an an", "_", "é", "1", ".", "an"}), 0, 20).Draw(t, "text"), "")
		require.Equal(t, expression.ReplaceAllString(text, "x"), s.apply(text, lowerASCII(text)))
	})
	require.Equal(t, "X an. We CAN’T.", substitution{"an an", "x"}.apply("An an an. We CAN’T.", "an an an. we can’t."))
	require.Equal(t, "we cannot, we cannot", replaced("we can't, we can’t", contractions))
}
