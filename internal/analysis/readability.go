package analysis

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/lexical"
)

var (
	word = regexp.MustCompile(`(?:\p{Latin}\.)+\p{Latin}\b|\p{Latin}[\p{Latin}\p{M}]*(?:['’]\p{Latin}[\p{Latin}\p{M}]*)*`)
	// sentenceEnd may end one: a stop before a blank, or an empty line.
	sentenceEnd = regexp.MustCompile(`[.!?…]+["'”’»)\]]*(?:\s|$)|\n\s*\n`)
	lastWord    = regexp.MustCompile(`\p{L}+$`)
	// listLine is a line of a list, which ends a sentence with or without a stop.
	listLine   = regexp.MustCompile(`(?m)^[ \t]*(?:[-*•–—·]|\p{So}\x{fe0f}?|\d{1,2}[.)])[ \t]+(.*)$`)
	vowelGroup = regexp.MustCompile(`[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿāēīōū]+`)
	// silent is an e at the end of a word, also before s, d and ly, that is not spoken.
	silent = regexp.MustCompile(`[^aeiouylr]e$|[aeiouy][lr]e$|[^aeiouysxzcghl]es$|[aeiouy]les$|[^aeiouytd]ed$|[^aeiouy]ely$`)
)

// abbreviations are those of more than one letter whose stop seldom ends a sentence.
var abbreviations = map[string]bool{
	"etc": true, "vs": true, "cf": true, "al": true, "ca": true, "approx": true, "dr": true, "mr": true, "mrs": true, "ms": true, "prof": true,
	"sr": true, "jr": true, "st": true, "inc": true, "ltd": true, "corp": true, "co": true, "dept": true, "est": true, "fig": true,
}

// sentences are the parts of a text that end with a stop, an empty line, or a line of a list.
func sentences(text string) (parts []string) {
	text = listLine.ReplaceAllString(text, "\n\n$1\n\n")
	from := 0
	for _, at := range sentenceEnd.FindAllStringIndex(text, -1) {
		before := lastWord.FindString(text[from:at[0]])
		stop := text[at[0]] == '.' && !strings.ContainsAny(text[at[0]+1:at[1]], ".!?…")
		if stop && (utf8.RuneCountInString(before) == 1 || abbreviations[strings.ToLower(before)]) {
			continue
		}
		parts = append(parts, text[from:at[0]])
		from = at[1]
	}
	return append(parts, text[from:])
}

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
	var r Reading
	letters, syllables := 0, 0
	for _, sentence := range sentences(lexical.Prose(text)) {
		words := word.FindAllString(sentence, -1)
		if len(words) == 0 {
			continue
		}
		r.Sentences++
		r.Words += len(words)
		r.LongestSentence = max(r.LongestSentence, len(words))
		for _, w := range words {
			for _, r := range w {
				if unicode.Is(unicode.Latin, r) { // as word has it: a Roman numeral of one sign is no letter to unicode.IsLetter
					letters++
				}
			}
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

// countSyllables counts groups of vowels, without an e that is silent: right for most English words and never below one.
func countSyllables(w string) int {
	w = strings.NewReplacer("'", "", "’", "").Replace(strings.ToLower(w))
	n := len(vowelGroup.FindAllString(w, -1))
	if silent.MatchString(w) && (n > 2 || !strings.HasSuffix(w, "ly")) {
		n--
	}
	return max(n, 1)
}
