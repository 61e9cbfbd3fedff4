package analysis

import (
	"regexp"
	"strings"
)

var (
	word          = regexp.MustCompile(`[A-Za-z]+(?:['’][A-Za-z]+)*`)
	sentenceEnd   = regexp.MustCompile(`[.!?…]+|\n{2,}`)
	vowelGroup    = regexp.MustCompile(`[aeiouy]+`)
	webAddress    = regexp.MustCompile(`https?://\S+`)
	markedHashtag = regexp.MustCompile(`#\S+`)
)

// Readability is the Flesch reading ease of an English text, cut to 0 (very hard) to 100 (very easy); nil when there are
// no English words to judge. Addresses and hashtags don't count. The formula is Rudolf Flesch's of 1948:
// 206.835 - 1.015 words per sentence - 84.6 syllables per word.
func Readability(text string) *float64 {
	text = markedHashtag.ReplaceAllString(webAddress.ReplaceAllString(text, " "), " ")
	words := word.FindAllString(text, -1)
	if len(words) == 0 {
		return nil
	}
	sentences := 0
	for _, part := range sentenceEnd.Split(text, -1) {
		if word.MatchString(part) {
			sentences++
		}
	}
	syllables := 0
	for _, w := range words {
		syllables += countSyllables(w)
	}
	n := float64(len(words))
	ease := min(max(206.835-1.015*n/float64(sentences)-84.6*float64(syllables)/n, 0), 100)
	return &ease
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
