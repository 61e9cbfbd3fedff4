package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/text"
)

// wording is what words a text has, whatever their case and form.
type wording struct {
	words  map[string]bool
	joined string // all of them, without what stands between
}

func newWording(s string) wording {
	w := wording{words: map[string]bool{}}
	var joined strings.Builder
	for _, word := range spokenWord.FindAllString(text.Fold(s), -1) {
		w.words[word] = true
		joined.WriteString(word)
	}
	w.joined = joined.String()
	return w
}

// stem is about as much of a word as its forms have in common.
const stem = 5

// longer are the stems of the words that say something, and of scripts without blanks the pairs of characters.
func (w wording) longer() map[string]bool {
	all := map[string]bool{}
	for word := range w.words {
		runes := []rune(word)
		if strings.ContainsFunc(word, unbroken) {
			for i := range len(runes) - 1 {
				all[string(runes[i:i+2])] = true
			}
		} else if len(runes) >= 4 {
			all[string(runes[:min(stem, len(runes))])] = true
		}
	}
	return all
}

// unbroken reports whether a character is of a script that puts no blanks between words.
func unbroken(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// parts are the words within a hashtag: OpenSource has two, and so have AITeam and Top10.
func parts(tag string) (all []string) {
	runes, from := []rune(tag), 0
	for i := 1; i < len(runes); i++ {
		before, this := runes[i-1], runes[i]
		capital := unicode.IsUpper(this) && (!unicode.IsUpper(before) || (i+1 < len(runes) && unicode.IsLower(runes[i+1])))
		if capital || unicode.IsNumber(this) != unicode.IsNumber(before) || this == '_' {
			all = append(all, string(runes[from:i]))
			from = i
		}
	}
	return append(all, string(runes[from:]))
}

// derives reports whether a hashtag is made of what the text says: it stands there, blanks aside, or each of its words does, in
// this form or another.
func (w wording) derives(tag string) bool {
	whole := strings.Join(spokenWord.FindAllString(text.Fold(tag), -1), "")
	if utf8.RuneCountInString(whole) >= 4 && strings.Contains(w.joined, whole) || w.words[whole] {
		return true
	}
	for _, p := range parts(tag) {
		if !w.says(strings.Trim(text.Fold(p), "_")) {
			return false
		}
	}
	return true
}

// says reports whether the text has a word, or one with the same stem.
func (w wording) says(word string) bool {
	if w.words[word] {
		return true
	}
	runes := []rune(word)
	if len(runes) < 4 {
		return false
	}
	begin := string(runes[:min(max(4, len(runes)-3), len(runes))])
	for other := range w.words {
		if strings.HasPrefix(other, begin) {
			return true
		}
	}
	return false
}
