package text_test

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/text"
)

func TestTheWordOfAHashtag(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"golang rocks":                 "golang",
		"2026goals":                    "2026goals",
		"2026":                         "",
		"_":                            "",
		"snake_case-x":                 "snake_case",
		"e\u0301te\u0301!":             "e\u0301te\u0301",
		"\ufe0f\u20e3":                 "", // the rest of a keycap
		"\u20e3Follow":                 "",
		"\u0301a":                      "",
		"1\ufe0f\u20e3start":           "",
		"a\ufe0fb":                     "a\ufe0fb",
		"a\ufe0f":                      "a",
		"a1\ufe0f\u20e3":               "a", // a keycap is not split
		"a1\u20e3b":                    "a",
		"ab\u0301\u20dd":               "a",
		"a\u200c1\u20e3":               "a",
		"1a\u20e3":                     "",
		"\u845b\U000e0100\u98fe\u533a": "\u845b\U000e0100\u98fe\u533a",
		"\u845b\U000e0100 \u98fe":      "\u845b",
		"\u182e\u1823\u1829\u180b\u182d\u1823\u182f": "\u182e\u1823\u1829\u180b\u182d\u1823\u182f",
		"\u182e\u1823\u1829\u180e\u1820":             "\u182e\u1823\u1829\u180e\u1820",
		"\u182e\u180f\u1829":                         "\u182e\u180f\u1829",
		"\u0646\u0631\u0645\u200c\u200c\u0627\u0641": "\u0646\u0631\u0645\u200c\u200c\u0627\u0641",
		"\u0642\u0631\u0646\u200c\u06f2\u06f1":       "\u0642\u0631\u0646\u200c\u06f2\u06f1",
		"\u05dc\u05b7\u034f\u05b4\u05dd":             "\u05dc\u05b7\u034f\u05b4\u05dd",
		"a\u200d\ufe0f\u200db":                       "a\u200d\ufe0f\u200db",
		"a\u200d\u200d":                              "a",
		"a\u200d\u3164":                              "a",
		"\u180ba":                                    "",
		"a\u0600b":                                   "a",
		"ශ්\u200dරීලංකා":                             "ශ්\u200dරීලංකා",
		"نرم\u200cافزار":                             "نرم\u200cافزار",
		"go\u200d":                                   "go",
		"go\u200d\U0001F680":                         "go",
		"\u200dgo":                                   "",
		"東京タワー":                                      "東京タワー",
		"हिन्दी":                                     "हिन्दी",
		"\u3164\u3164":                               "", // letters that nobody sees
		"a\u3164":                                    "a",
		"":                                           "",
		"!":                                          "",
		"\xff":                                       "",
		"a\u200bb":                                   "a",
	} {
		require.Equal(t, want, s[:text.HashtagWord(s)], "%q", s)
	}
}

func TestHashtagsThatAreWritten(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a", "b", "c", "d", "one"}, text.Hashtags("#a・x #b·x #c־x #d״x ﹟no #one"), "what docs/publishing.md says")
	require.Equal(t, []string{"one", "two", "東京"}, text.Hashtags("#one (#two) C#minor /#top &#x27; ##three #4 ＃東京 a＃b #\ufe0f\u20e3"))
}

// Marks belong to what they stand on: the sign after an emoji that has some was taken for one inside a word.
func TestAHashtagAfterMarks(t *testing.T) {
	t.Parallel()
	for before, begins := range map[string]bool{
		"": true, " ": true, "\U0001F680": true, "\u2764": true, "\u2764\ufe0f": true, "\u2764\ufe0e": true, "1\ufe0f\u20e3": true, "1\u20e3": true,
		"*\ufe0f\u20e3": true,
		"#\ufe0f\u20e3": true, "\u2139\ufe0f": true, "\u24c2\ufe0f": true, "\u00a9\ufe0f": true, "\U0001F44D\U0001F3FD": true,
		"\U0001F441\ufe0f\u200d\U0001F5E8\ufe0f": true,
		"\U0001F6AB\u20e0":                       true, "\u0301": true, ".\u0301": true, "\u20e3": true,
		"a": false, "1": false, "_": false, "#": false, "/": false, "&": false, "?": false, "e\u0301": false, "\u0915\u093f": false, "a\ufe0f": false,
		"1\ufe0f": false,
		"\u2139":  false, "\u845b\U000e0100": false, "\u182e\u180b": false, "#\ufe0f": false, "a\u20dd": false, "e\u0301\u0302\ufe0f": false,
	} {
		for _, sign := range []string{"#", "＃"} {
			var want []string
			if begins {
				want = []string{"love"}
			}
			require.Equal(t, want, text.Hashtags(before+sign+"love"), "%+q", before)
		}
	}
}

func TestTheKeyOfAHashtagIsFolded(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsLetter(r) {
			continue
		}
		key := text.HashtagKey(string(r))
		require.Equal(t, text.Fold(string(r)), key, "%U", r)
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if key != text.HashtagKey(string(other)) {
				t.Fatalf("%U and %U are cases of one letter and two hashtags", r, other)
			}
		}
	}
}

func TestSpellingsOfOneHashtag(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"cafe\u0301", "café"}, {"CAFÉ", "café"}, {"ＧｏＬａｎｇ", "golang"}, {"straße", "STRASSE"}, {"ΟΔΟΣ", "οδος"}, {"ශ්\u200dරී", "ශ්රී"},
		{"ｱｲ", "アイ"}, {"\u13a0", "\uab70"}, {"\u845b\U000e0100\u98fe", "\u845b\u98fe"}, {"\u1829\u180b\u182d", "\u1829\u182d"}, {"ن\u200c\u200cا", "نا"},
	} {
		require.Equal(t, text.HashtagKey(pair[0]), text.HashtagKey(pair[1]), pair)
	}
	require.NotEqual(t, text.HashtagKey("cafe"), text.HashtagKey("café"))
}

func TestAHashtagsWordIsAWordOfItsOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text")
		word := s[:text.HashtagWord(s)]
		require.Equal(rt, len(word), text.HashtagWord(word), "of the word alone it is all")
		require.Equal(rt, word != "", text.Visible(word))
	})
}
