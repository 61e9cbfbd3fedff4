package text_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/text"
)

func TestTextsThatNobodySees(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", " ", "\n\t", "\u200b\u200b", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u00ad", "\ufeff", "\u202e", "\u2066\u2069", "\u034f", "\u17b4",
		"\u180e", "\u0301", "\ufe0f", "\u200d", "\U000e0041", "\u00a0", "\x00", "\u2063", "\U0001d159", "\U00013441", "\U00013442 \U00013441",
		"\u2065", "\ufff0", "\U000e0000", "\U000e0080", "\U000e0fff", // not assigned, and to be ignored
		"\ufffe", "\U0001ffff", "\ufdd0", // never to be assigned
	} {
		require.False(t, text.Visible(s), "%q", s)
	}
	for _, s := range []string{"a", "\u200ba", "1", "!", "\U0001F680", "é", "한", "⠁", "。", "ا", "\u0600", "\u06dd", "\u070f", "\u0890", "\u08e2",
		"\U000110bd", "\uf8ff", "\U0010fffd"} {
		require.True(t, text.Visible(s), "%q", s)
	}
}

// A post of one emoji was refused because the emoji was newer than Go's tables.
func TestACharacterThatIsNewerThanTheTablesIsSeen(t *testing.T) {
	t.Parallel()
	for _, r := range []rune{
		0x1fae9, 0x1fadc, // emoji of Unicode 16
		0x1c8a, 0x10d50, 0xa7da, // letters of Unicode 16
		0x2ebf0,                             // Han of Unicode 15.1
		0x378, 0x2fe0, 0x1ffff - 2, 0x3fffd, // nobody's yet
	} {
		require.True(t, text.Visible(string(r)), "%U", r)
	}
}

// What is seen is found: a text that is folded or read to nothing would be the same as any.
func TestWhatIsSeenIsLeftOfATextAsItIsReadAndSearched(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := string(r)
		if text.Visible(s) && (text.AsRead(s) == "" || strings.TrimSpace(text.Fold(s)) == "") {
			t.Fatalf("%U is read %q and folded %q", r, text.AsRead(s), text.Fold(s))
		}
	}
}
