package sandbox

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ little, shown string }{
		"plain":                        {"Good morning, all: 100 % → ✅", "Good morning, all: 100 % → ✅"},
		"escaped":                      {`a \(b\) \\ c\_d`, `a (b) \ c_d`},
		"cut at a parenthesis":         {"This is a test. (This is also a test.)", "This is a test. "},
		"cut at an underscore":         {"snake_case", "snake"},
		"cut at a sign without a word": {"we are # 1", "we are "},
		"cut at a lone backslash":      {`the end\`, "the end"},
		"a hashtag":                    {"go #golang now", "go #golang now"},
		"a hashtag's underscore cuts":  {"#open_source now", "#open"},
		"a hashtag template":           {`{hashtag|\#|golang}!`, "#golang!"},
		"a template with an escape":    {`{hashtag|\#|open\_source}`, "#open_source"},
		"a full-width sign":            {"{hashtag|＃|日本}", "#日本"},
		"a template with a joiner":     {"{hashtag|\\#|نرم\u200cافزار}", "#نرم\u200cافزار"},
		"a template with two joiners":  {"{hashtag|\\#|نر\u200c\u200cم}", "#نر\u200c\u200cم"},
		"a template with a variation":  {"{hashtag|\\#|\u845b\U000e0100\u98fe}", "#\u845b\U000e0100\u98fe"},
		"a template in Mongolian":      {"{hashtag|\\#|\u1829\u180b\u182d\u180e\u1820}", "#\u1829\u180b\u182d\u180e\u1820"},
		"a template of half a keycap":  {"so {hashtag|\\#|a1}\ufe0f\u20e3", "so "},
		"a template with a keycap":     {"so {hashtag|\\#|a1\ufe0f\u20e3}", "so "},
		"a template before a keycap":   {"{hashtag|\\#|a}1\ufe0f\u20e3", "#a1\ufe0f\u20e3"},
		"a template before a selector": {"{hashtag|\\#|a}\ufe0f", "#a\ufe0f"},
		"a template that ends joined":  {"so {hashtag|\\#|a\u200d}", "so "},
		"a template that is a keycap":  {"so {hashtag|\\#|\u20e3Follow}", "so "},
		"a template of nothing to see": {"so {hashtag|\\#|\u200b}", "so "},
		"a template with a blank":      {"so {hashtag|\\#|two words}", "so "},
		"a broken template":            {"so {hashtag|golang} no", "so "},
		"a mention":                    {"with @[Ada L.](urn:li:person:ada-1) today", "with Ada L. today"},
		"a mention with an escape":     {`@[A \[x\]](urn:li:organization:5)`, "A [x]"},
		"a mention of nothing":         {"with @[Ada](ada)", "with "},
		"nothing":                      {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.shown, shown(c.little))
		})
	}
}

// escape is what LinkedIn asks of clients, from its page on little text: a backslash before each reserved character.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch r {
		case '\\', '|', '{', '}', '@', '[', ']', '(', ')', '<', '>', '#', '*', '_', '~':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestEscapedTextIsShownAsWritten(t *testing.T) {
	t.Parallel()
	reserved := rapid.StringOf(rapid.SampledFrom([]rune(`\|{}@[]()<>#*_~ a＃é😀`)))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), reserved).Draw(t, "text")
		require.Equal(t, text, shown(escape(text)))
	})
}

func TestEachReservedCharacterCutsTheText(t *testing.T) {
	t.Parallel()
	for _, r := range `|{}@[]()<>#*_~` {
		require.Equal(t, "before ", shown("before "+string(r)+" after"), "%c", r)
	}
}

func FuzzShown(f *testing.F) {
	for _, seed := range []string{"", `\`, `\\`, "{hashtag|", `{hashtag|\#|x}`, "@[a](urn:li:person:b)", "@[", "#", "#x_", "\xc3\\\xa9", "a(b)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, little string) {
		got := shown(little)
		require.LessOrEqual(t, utf8.RuneCountInString(got), utf8.RuneCountInString(little))
		if utf8.ValidString(little) {
			require.True(t, utf8.ValidString(got))
			require.Equal(t, little, shown(escape(little)))
		}
	})
}
