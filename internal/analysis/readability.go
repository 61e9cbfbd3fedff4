package analysis

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/lexical"
)

var (
	word          = regexp.MustCompile(`[A-Za-z]+(?:['’][A-Za-z]+)*`)
	sentenceEnd   = regexp.MustCompile(`[.!?…]+|\n{2,}`)
	vowelGroup    = regexp.MustCompile(`[aeiouy]+`)
	webAddress    = regexp.MustCompile(`https?://\S+`)
	markedHashtag = regexp.MustCompile(`[#@]\S+`)
)

// Reading is how easy an English text is to read.
type Reading struct {
	// Unknown says why nothing is known; "" where the other fields are.
	Unknown string
	// Ease is the Flesch reading ease, cut to 0 (very hard) to 100 (very easy): Rudolf Flesch, "A new readability yardstick", Journal of
	// Applied Psychology 32 (1948).
	Ease float64
	// Grade is the Flesch-Kincaid grade level, the years of school that it takes, not below 0: J. Peter Kincaid and others, "Derivation of
	// new readability formulas", Research Branch Report 8-75 (1975).
	Grade float64

	Sentences, Words, LongestSentence                  int // the last in words
	WordsPerSentence, LettersPerWord, SyllablesPerWord float64
}

// Readability says how easy a text is to read. Addresses, mentions and hashtags don't count. It is unknown of a text without English
// words.
func Readability(text string) Reading {
	if language, english := lexical.Language(text); !english {
		if language == "" {
			return Reading{Unknown: "The formulas are for English, and the text does not seem to be."}
		}
		return Reading{Unknown: "The formulas are for English, and the text seems to be " + language + "."}
	}
	text = markedHashtag.ReplaceAllString(webAddress.ReplaceAllString(text, " "), " ")
	var r Reading
	letters, syllables := 0, 0
	for _, sentence := range sentenceEnd.Split(text, -1) {
		words := word.FindAllString(sentence, -1)
		if len(words) == 0 {
			continue
		}
		r.Sentences++
		r.Words += len(words)
		r.LongestSentence = max(r.LongestSentence, len(words))
		for _, w := range words {
			letters += utf8.RuneCountInString(w) - strings.Count(w, "'") - strings.Count(w, "’")
			syllables += countSyllables(w)
		}
	}
	if r.Words == 0 {
		return Reading{Unknown: "The text has no words."}
	}
	n := float64(r.Words)
	r.WordsPerSentence, r.LettersPerWord, r.SyllablesPerWord = n/float64(r.Sentences), float64(letters)/n, float64(syllables)/n
	r.Ease = min(max(206.835-1.015*r.WordsPerSentence-84.6*r.SyllablesPerWord, 0), 100)
	r.Grade = max(0.39*r.WordsPerSentence+11.8*r.SyllablesPerWord-15.59, 0)
	return r
}

// ease is Ease, nil where it is unknown.
func (r Reading) ease() *float64 {
	if r.Unknown != "" {
		return nil
	}
	return &r.Ease
}

// countSyllables counts groups of vowels, without a silent final e: right for most English words and never below one.
func countSyllables(w string) int {
	w = strings.ToLower(w)
	n := len(vowelGroup.FindAllString(w, -1))
	if strings.HasSuffix(w, "e") && !strings.HasSuffix(w, "le") && n > 1 {
		n--
	}
	return max(n, 1)
}
