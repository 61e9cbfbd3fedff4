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
			require.Empty(t, got.Unknown)
			require.InDelta(t, min(c.want, 100), got.Ease, 1e-9)
		})
	}
}

// Worked out by hand too: 0.39 words per sentence + 11.8 syllables per word - 15.59, not below 0.
func TestReadingOfSentencesAndWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want analysis.Reading
	}{
		"short and easy": {"The cat sat on the mat.", analysis.Reading{
			Ease: 100, Grade: 0, Sentences: 1, Words: 6, LongestSentence: 6, WordsPerSentence: 6, LettersPerWord: 17.0 / 6, SyllablesPerWord: 1,
		}},
		"two sentences": {"Teams write software. Software helps all people in teams!", analysis.Reading{
			Ease: 206.835 - 1.015*4.5 - 84.6*12/9, Grade: 0.39*4.5 + 11.8*12/9 - 15.59, Sentences: 2, Words: 9, LongestSentence: 6,
			WordsPerSentence: 4.5, LettersPerWord: 47.0 / 9, SyllablesPerWord: 12.0 / 9,
		}},
		"a numeral of one sign is a letter": {"The part Ⅳ", analysis.Reading{
			Ease: 100, Grade: 0, Sentences: 1, Words: 3, LongestSentence: 3, WordsPerSentence: 3, LettersPerWord: 8.0 / 3, SyllablesPerWord: 1,
		}},
		"apostrophes are no letters, mentions no words": {"It's what we don’t know, @carla", analysis.Reading{
			Ease: 100, Grade: 0, Sentences: 1, Words: 5, LongestSentence: 5, WordsPerSentence: 5, LettersPerWord: 17.0 / 5, SyllablesPerWord: 1,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := analysis.Readability(c.text)
			for _, figure := range [][2]*float64{
				{&c.want.Ease, &got.Ease}, {&c.want.Grade, &got.Grade}, {&c.want.WordsPerSentence, &got.WordsPerSentence},
				{&c.want.LettersPerWord, &got.LettersPerWord}, {&c.want.SyllablesPerWord, &got.SyllablesPerWord},
			} {
				require.InDelta(t, *figure[0], *figure[1], 1e-9)
				*figure[1] = *figure[0]
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestATextThatCannotBeJudgedHasNoReadability(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"": "no words", " \n": "no words", "🎉🎉": "no words", "2026 + 1": "no words", "#OnlyHashtags https://example.org @carla": "no words",
		"日本語です。": "Japanese", german: "German",
	} {
		reading := analysis.Readability(text)
		require.Contains(t, reading.Unknown, why, text)
		require.Equal(t, analysis.Reading{Unknown: reading.Unknown}, reading)
	}
}

func TestReadabilityStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([A-Za-z']{1,12}[ .!\n]){1,20}`)).Draw(t, "text")
		r := analysis.Readability(text)
		if r.Unknown != "" {
			return
		}
		require.GreaterOrEqual(t, r.Ease, 0.0)
		require.LessOrEqual(t, r.Ease, 100.0)
		require.GreaterOrEqual(t, r.Grade, 0.0)
		require.GreaterOrEqual(t, r.Words, r.LongestSentence)
		require.GreaterOrEqual(t, r.LongestSentence*r.Sentences, r.Words)
		require.GreaterOrEqual(t, r.LettersPerWord, 1.0)
		require.GreaterOrEqual(t, r.SyllablesPerWord, 1.0)
	})
}

func TestSentencesAndWordsAreCountedAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text             string
		sentences, words int
	}{
		"decimals":            {"We grew by 3.5 percent in version 1.2.3 of it.", 1, 8},
		"abbreviations":       {"We met Dr. Smith, e.g. in the U.S. office, and others, etc. and left.", 1, 14},
		"two of them":         {"We met at noon. Then we left.", 2, 7},
		"a stop in brackets":  {"We met (at noon.) Then we left.", 2, 7},
		"a list":              {"We ship three things:\n- fast tests\n- good docs\n1. happy teams", 4, 10},
		"a list of emoji":     {"We ship:\n✅ fast tests\n🚀 good docs", 3, 6},
		"links, with a stop":  {"Read it at https://example.org/a.b. Then write to jobs@example.org or example.org/c.", 2, 7},
		"mentions with names": {"We met @[Anna Maria Müller](urn:li:person:1) at the office.", 1, 5},
		"diacritics":          {"We met at the café with Zoë.", 1, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := analysis.Readability(c.text)
			require.Empty(t, got.Unknown)
			require.Equal(t, []int{c.sentences, c.words}, []int{got.Sentences, got.Words})
		})
	}
}

func TestSyllables(t *testing.T) {
	t.Parallel()
	for word, syllables := range map[string]float64{
		"table": 2, "whole": 1, "moved": 1, "wanted": 2, "makes": 1, "boxes": 2, "changes": 2, "lovely": 2, "agree": 2, "café": 2, "software": 2,
		"the": 1, "we've": 1, "employee": 2,
	} {
		require.InDelta(t, syllables, analysis.Readability("we do "+word).SyllablesPerWord*3-2, 1e-9, word)
	}
}
