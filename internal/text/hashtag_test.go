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
		"golang rocks":       "golang",
		"2026goals":          "2026goals",
		"2026":               "",
		"_":                  "",
		"snake_case-x":       "snake_case",
		"e\u0301te\u0301!":   "e\u0301te\u0301",
		"\ufe0f\u20e3":       "", // the rest of a keycap
		"\u20e3Follow":       "",
		"\u0301a":            "",
		"1\ufe0f\u20e3start": "",
		"a\ufe0fb":           "a",
		"ශ්\u200dරීලංකා":     "ශ්\u200dරීලංකා",
		"نرم\u200cافزار":     "نرم\u200cافزار",
		"go\u200d":           "go",
		"go\u200d\U0001F680": "go",
		"\u200dgo":           "",
		"東京タワー":              "東京タワー",
		"हिन्दी":             "हिन्दी",
		"\u3164\u3164":       "", // letters that nobody sees
		"a\u3164":            "a",
		"":                   "",
		"!":                  "",
		"\xff":               "",
		"a\u200bb":           "a",
	} {
		require.Equal(t, want, s[:text.HashtagWord(s)], "%q", s)
	}
}

func TestHashtagsThatAreWritten(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"one", "two", "東京"}, text.Hashtags("#one (#two) C#minor /#top &#x27; ##three #4 ＃東京 a＃b #\ufe0f\u20e3"))
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

func TestTextsThatNobodySees(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", " ", "\n\t", "\u200b\u200b", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u00ad", "\ufeff", "\u202e", "\u2066\u2069", "\u034f", "\u17b4",
		"\u180e", "\u0301", "\ufe0f", "\u200d", "\U000e0041", "\u00a0", "\x00", "\u2063",
	} {
		require.False(t, text.Visible(s), "%q", s)
	}
	for _, s := range []string{"a", "\u200ba", "1", "!", "\U0001F680", "é", "한", "⠁", "。", "ا"} {
		require.True(t, text.Visible(s), "%q", s)
	}
}
