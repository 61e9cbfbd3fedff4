package analysis_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/analysis"
)

// The figures are worked out by hand: 206.835 - 1.015 words per sentence - 84.6 syllables per word, within 0 and 100.
func TestReadability(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want float64
	}{
		"six words of one syllable":     {"The cat sat on the mat.", 100}, // 116.145, cut
		"seven words, twelve syllables": {"We ship better software every single week.", 206.835 - 1.015*7 - 84.6*12/7},
		"two sentences of three words":  {"Teams write software. Software helps people!", 206.835 - 1.015*3 - 84.6*9/6},
		"no full stop":                  {"Teams write software", 206.835 - 1.015*3 - 84.6*4/3},
		"a blank line ends a sentence":  {"Teams write software\n\nSoftware helps people", 206.835 - 1.015*3 - 84.6*9/6},
		"a line end alone does not":     {"Teams write software\nSoftware helps people", 206.835 - 1.015*6 - 84.6*9/6},
		"many marks end one sentence":   {"Teams write software?!… Really", 206.835 - 1.015*2 - 84.6*6/4},
		"addresses and hashtags do not count": {"Teams write software https://example.org/incomprehensibilities #Incomprehensibilities",
			206.835 - 1.015*3 - 84.6*4/3},
		"an apostrophe is part of its word": {"It's what we don’t know", 206.835 - 1.015*5 - 84.6*1},
		"long words are very hard":          {"Internationalization organizational incomprehensibilities.", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := analysis.Readability(c.text)
			require.NotNil(t, got)
			require.InDelta(t, min(c.want, 100), *got, 1e-9)
		})
	}
}

func TestATextWithoutEnglishWordsHasNoReadability(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " \n", "🎉🎉", "2026 + 1", "日本語です。", "#OnlyHashtags https://example.org"} {
		require.Nil(t, analysis.Readability(text), text)
	}
}

func TestReadabilityStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([A-Za-z']{1,12}[ .!\n]){1,20}`)).Draw(t, "text")
		if ease := analysis.Readability(text); ease != nil {
			require.GreaterOrEqual(t, *ease, 0.0)
			require.LessOrEqual(t, *ease, 100.0)
		}
	})
}
