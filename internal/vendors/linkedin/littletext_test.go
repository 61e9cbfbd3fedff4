package linkedin

import (
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, little string }{
		"nothing":                          {"", ""},
		"plain words":                      {"Hello, LinkedIn! 100% → ✅ 日本語", "Hello, LinkedIn! 100% → ✅ 日本語"},
		"parentheses":                      {"a (b)", `a \(b\)`},
		"every reserved character":         {`\|{}@[]()<>#*_~`, `\\\|\{\}\@\[\]\(\)\<\>\#\*\_\~`},
		"lines":                            {"a\nb\r\n\tc", "a\nb\r\n\tc"},
		"a hashtag":                        {"on #golang", `on {hashtag|\#|golang}`},
		"a hashtag at the start":           {"#golang", `{hashtag|\#|golang}`},
		"a hashtag before punctuation":     {"#go.", `{hashtag|\#|go}.`},
		"a hashtag with an underscore":     {"#open_source", `{hashtag|\#|open\_source}`},
		"a hashtag with digits":            {"#web3", `{hashtag|\#|web3}`},
		"a hashtag of a script with marks": {"#हिन्दी", `{hashtag|\#|हिन्दी}`},
		"a keycap, which is no hashtag":    {"#\ufe0f\u20e3 one", "\\#\ufe0f\u20e3 one"},
		"a hashtag with a joiner":          {"#නර්\u200dම", "{hashtag|\\#|නර්\u200dම}"},
		"a hashtag after an emoji":         {"\u2764\ufe0f#love", "\u2764\ufe0f{hashtag|\\#|love}"},
		"a hashtag after a keycap":         {"1\ufe0f\u20e3#one", "1\ufe0f\u20e3{hashtag|\\#|one}"},
		"a sign after an accent":           {"e\u0301#x", "e\u0301\\#x"},
		"a keycap after a hashtag":         {"#a1\ufe0f\u20e3#b", "{hashtag|\\#|a}1\ufe0f\u20e3{hashtag|\\#|b}"},
		"a hashtag with a variation":       {"#\u845b\U000e0100\u98fe\u533a", "{hashtag|\\#|\u845b\U000e0100\u98fe\u533a}"},
		"a hashtag in Mongolian":           {"#\u1829\u180b\u182d\u180e\u1820", "{hashtag|\\#|\u1829\u180b\u182d\u180e\u1820}"},
		"a hashtag with two joiners":       {"#نر\u200c\u200cم", "{hashtag|\\#|نر\u200c\u200cم}"},
		"a hashtag of full width":          {"＃東京", "＃東京"},
		"hashtags one after the other":     {"#a #b", `{hashtag|\#|a} {hashtag|\#|b}`},
		"a hashtag in parentheses":         {"(#go)", `\({hashtag|\#|go}\)`},
		"a hashtag after a backslash":      {`\#go`, `\\{hashtag|\#|go}`},
		"a number sign":                    {"We are #1", `We are \#1`},
		"a language":                       {"C# and F#minor", `C\# and F\#minor`},
		"a lonely sign":                    {"# title", `\# title`},
		"two signs":                        {"##go", `\#\#go`},
		"a fragment of a URL":              {"https://x.example/#top https://x.example/a#top", `https://x.example/\#top https://x.example/a\#top`},
		"a full-width sign":                {"＃go", "＃go"},
		"what looks like little text":      {`{hashtag|\#|go} @[Ada](urn:li:person:1)`, `\{hashtag\|\\\#\|go\} \@\[Ada\]\(urn:li:person:1\)`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.little, escape(test.text))
			require.Equal(t, test.text, plain(test.little))
		})
	}
}

func TestPlainReadsWhatOthersWrote(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ little, text string }{
		"a bare hashtag":                   {"on #golang", "on #golang"},
		"a template with a bare sign":      {"{hashtag|#|go}", "#go"},
		"a template with a full-width one": {"{hashtag|＃|go}", "＃go"},
		"a mention":                        {"with @[Ada Lovelace](urn:li:person:1)!", "with Ada Lovelace!"},
		"a mention with escapes":           {`@[A \[B\]](urn:li:organization:1)`, "A [B]"},
		"an escape of nothing special":     {`\a`, "a"},
		"a backslash at the end":           {`a\`, `a\`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.text, plain(test.little))
		})
	}
}

// DrawText draws texts in which the characters that matter to LinkedIn are frequent, of a length that it takes.
func DrawText(t *rapid.T) string {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.SampledFrom([]rune(`\|{}@[]()<>#*_~a1 :,＃é💡`+"\n"))),
		// The characters that stand between letters, and those that make an emoji of what they follow.
		rapid.StringMatching(
			"((\u2764\ufe0f|1\ufe0f?\u20e3|e\u0301|\u2139\ufe0f)?[#＃]"+
				"([a1_\u182e]|\u845b\U000e0100|1\ufe0f?\u20e3|[\u200c\u200d\u180b\u180e\u034f\u20dd\u3164\u0600]){1,4} ?){1,6}",
		),
		rapid.StringMatching(`( |#|\\|[a-z]|#[a-z_]{1,4}|\{hashtag\|\\?#\|[a-z]+\}|@\[[a-z]*\]\(urn:li:person:1\)|\([a-z ]*\)){0,12}`),
	).Filter(func(s string) bool { return len(utf16.Encode([]rune(s))) <= 3000 }).Draw(t, "text")
}

func TestTextSurvivesLittleText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := DrawText(t)
		require.Equal(t, text, plain(escape(text)))
	})
}
