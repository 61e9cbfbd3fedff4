package text_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/text"
)

func TestWhatAReaderDoesNotSeeMakesNoOtherText(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"line ends of Windows":        {"a\r\nb", "a\nb"},
		"line ends of old":            {"a\rb", "a\nb"},
		"a line separator":            {"a\u2028b", "a\nb"},
		"blanks at the end":           {"a \n", "a"},
		"blanks at the beginning":     {"\n\n  a", "a"},
		"blanks at the ends of lines": {"a  \nb", "a\nb"},
		"a blank that does not break": {"a\u00a0b", "a b"},
		"accents as characters":       {"cafe\u0301", "caf\u00e9"},
		"Hangul in parts":             {"\u1112\u1161\u11ab", "\ud55c"},
		"a joiner":                    {"a\u200db", "ab"},
		"a joiner before an accent":   {"e\u200d\u0301", "\u00e9"},
		"a byte order mark":           {"\ufeffa", "a"},
		"a variation selector":        {"\u2764\ufe0f", "\u2764"},
		"a soft hyphen":               {"syl\u00adlable", "syllable"},
		"marks of direction":          {"\u200fa\u200e", "a"},
		"a bell":                      {"a\ab", "ab"},
	} {
		require.Equal(t, text.AsRead(pair[1]), text.AsRead(pair[0]), name)
		require.True(t, text.Alike(pair[0], pair[1]), name)
	}
	for _, pair := range [][2]string{{"a b", "ab"}, {"a\nb", "a b"}, {"A", "a"}, {"e", "\u00e9"}, {"1", "\u2460"}} {
		require.NotEqual(t, text.AsRead(pair[0]), text.AsRead(pair[1]), "%q %q", pair[0], pair[1])
	}
}

func TestATextBeforeItsHashtags(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"Words\n\n#one #two":     "Words",
		"Words\r\n \r\n#one\n":   "Words",
		"Words #one":             "Words #one",
		"Words\n#one":            "Words\n#one",
		"Words\n\n#one and more": "Words\n\n#one and more",
		"More\n\nWords\n\n#one":  "More\n\nWords",
		"#one":                   "#one",
	} {
		require.Equal(t, want, text.BeforeHashtags(s), "%q", s)
	}
}

func TestATextAsReadIsReadTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text")
		read := text.AsRead(s)
		require.Equal(rt, read, text.AsRead(read))
		require.Equal(rt, read, text.AsRead(norm.NFD.String(s)))
		unix := strings.ReplaceAll(s, "\r\n", "\n") // what would be put between the two were a line of its own
		require.Equal(rt, read, text.AsRead(" "+strings.ReplaceAll(unix, "\n", " \r\n")+"\n"))
	})
}

func TestWhatSomebodyMayHaveMadeOfAText(t *testing.T) {
	t.Parallel()
	const said = "We shipped the new release (with faster builds) today: https://example.org/a/very/long/link?x=1 \U0001F680 #golang"
	for name, became := range map[string]string{
		"cut at a parenthesis":  "We shipped the new release ",
		"a shorter link":        "We shipped the new release (with faster builds) today: https://lnkd.in/abc \U0001F680 #golang",
		"entities":              "We shipped the new release &#40;with faster builds&#41; today: https://example.org/ \U0001F680 #golang",
		"escapes":               `We shipped the new release \(with faster builds\) today: https://example.org/ \#golang`,
		"a word mended":         "We shipped the new release (with quicker builds) today! \U0001F680",
		"letters of full width": "Ｗｅ ｓｈｉｐｐｅｄ the new release (with faster builds) today",
		"an empty text":         "",
	} {
		require.True(t, text.Alike(said, became), name)
		require.True(t, text.Alike(became, said), name)
	}
	for _, other := range []string{
		"Our office moves to Hamburg next month.", "Happy birthday, Ada!", "新しいオフィスに移転します", "\U0001F389",
	} {
		require.False(t, text.Alike(said, other), other)
	}
}
