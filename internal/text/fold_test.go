package text_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/text"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"case":                          {"École", "éCOLE", true},
		"composed and decomposed":       {"école", "e\u0301cole", true},
		"sharp s":                       {"Straße", "STRASSE", true},
		"capital sharp s":               {"STRAẞE", "strasse", true},
		"final sigma":                   {"ΟΔΟΣ", "οδος", true},
		"Cyrillic":                      {"ПРИВЕТ", "привет", true},
		"Turkish capital I with a dot":  {"İstanbul", "i\u0307stanbul", true},
		"ligature":                      {"ﬁnance", "FINANCE", true},
		"full width":                    {"ＧＯ", "go", true},
		"half-width kana":               {"ｶﾞ", "ガ", true},
		"Hangul, decomposed":            {"한글", norm.NFD.String("한글"), true},
		"blanks":                        {"one\u00a0two", "one \t\n two", true},
		"a soft hyphen":                 {"data\u00adbase", "database", true},
		"a joiner":                      {"نرم\u200cافزار", "نرمافزار", true},
		"an emoji's variation":          {"❤\ufe0f", "❤", true},
		"an accent":                     {"école", "ecole", false},
		"a ring":                        {"å", "a", false},
		"a vowel sign":                  {"कि", "क", false},
		"a voiced kana":                 {"が", "か", false},
		"a dotless i, which is its own": {"ı", "i", false},
		"Cherokee":                      {"ꭰ", "Ꭰ", true},
		"control characters":            {"a\x00b\u0085c", "ab c", true},
		"words apart and together":      {"data base", "database", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.same, text.Fold(c.a) == text.Fold(c.b), "%q %q", text.Fold(c.a), text.Fold(c.b))
		})
	}
}

// Folded once is folded for good, and no case or form of a text is another text.
func TestFoldIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("ßẞΣσςİıKÅﬁe\u0301\u0308\u0345 \n\u200d")))).Draw(t, "text")
		folded := text.Fold(s)
		require.Equal(t, folded, text.Fold(folded), "%q", s)
		require.Equal(t, folded, text.Fold(norm.NFC.String(s)), "%q", s)
		require.Equal(t, folded, text.Fold(norm.NFD.String(s)), "%q", s)
		require.LessOrEqual(t, len(folded), 18*len(s)+3, "bounded by what it is made of: U+FDFA is 18 letters") // 33 bytes from 3
	})
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if s := string(r); unicode.IsLetter(r) && r != 'ı' && strings.ToUpper(s) != s {
			if text.Fold(strings.ToUpper(s)) != text.Fold(s) {
				t.Fatalf("%q and its capital differ", s)
			}
		}
	}
}

func BenchmarkFold(b *testing.B) {
	for name, s := range map[string]string{
		"ASCII": strings.Repeat("What a wonderful day to publish. ", 30), "German": strings.Repeat("Straße nach München, schön! ", 30),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				text.Fold(s)
			}
		})
	}
}
