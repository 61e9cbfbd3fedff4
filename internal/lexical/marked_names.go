package lexical

import (
	"maps"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// knownMarked are names that end in an exclamation mark, wherever they stand.
var knownMarked = map[string]bool{"Yahoo": true, "YAHOO": true, "Joomla": true, "Jeopardy": true}

// goesOn is a word with a capital and a mark after which the sentence goes on, by a small letter, a comma, or what is put to a name.
var goesOn = regexp.MustCompile(`(\p{Lu}[\p{L}\p{M}\p{N}]*)!(?:[ \t]+\p{Ll}|[,;]|['’]s\b|-\p{L})`)

// markedNames are the words of a text, without their marks, that are names with an exclamation mark. Beside the known ones they are
// those that have a capital within a sentence which goes on after the mark, in one place at least. Where a name stands only where a
// sentence begins or ends, or is all capitals, and is not known, its mark can't be told from the author's.
func markedNames(text string) map[string]bool {
	names := maps.Clone(knownMarked)
	for _, at := range goesOn.FindAllStringSubmatchIndex(text, -1) {
		last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text[:at[2]], " \t"))
		if word := wordBefore(text[:at[3]]); word == text[at[2]:at[3]] && !loud(word) && !beginsSentence(last) {
			names[word] = true
		}
	}
	return names
}

// loud tells a word without a small letter: it is rather said with force than a name.
func loud(word string) bool { return !strings.ContainsFunc(word, unicode.IsLower) }

// wordBefore is the word with which a text ends; "" where it ends in none, or in one that stands right behind anything but a blank, a
// quote or a bracket: it may be a part of an address.
func wordBefore(text string) string {
	before := strings.TrimRightFunc(text, func(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) })
	last, _ := utf8.DecodeLastRuneInString(before)
	if before == "" || unicode.IsSpace(last) || strings.ContainsRune(`("'“‘«`, last) {
		return text[len(before):]
	}
	return ""
}
