package versions

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// What becomes of a part of a text.
const (
	Keep   = "keep"
	Delete = "delete"
	Insert = "insert"
)

// Part is a part of a diff: whole words, blanks and signs.
type Part struct{ Operation, Text string }

var operations = map[diffmatchpatch.Operation]string{
	diffmatchpatch.DiffEqual: Keep, diffmatchpatch.DiffDelete: Delete, diffmatchpatch.DiffInsert: Insert,
}

// diffTime is how long the shortest diff is looked for; then it is as long as it is.
const diffTime = time.Second

// Compare returns what has to change in one text to make it another: what is kept and deleted is the one, what is kept and inserted
// the other. Both are UTF-8.
func Compare(from, to string) []Part {
	words := vocabulary{numbers: map[string]rune{}}
	a, b := words.spell(from), words.spell(to)
	matcher := diffmatchpatch.New()
	matcher.DiffTimeout = diffTime
	var parts []Part
	for _, d := range matcher.DiffMainRunes(a, b, false) {
		var text strings.Builder
		for _, r := range d.Text {
			text.WriteString(words.words[letterNumber(r)])
		}
		parts = append(parts, Part{Operation: operations[d.Type], Text: text.String()})
	}
	return parts
}

// vocabulary numbers the words of texts, each by a character, since the library compares characters.
type vocabulary struct {
	words   []string
	numbers map[string]rune
}

// spell writes a text with a character for each of its words.
func (v *vocabulary) spell(text string) []rune {
	var spelled []rune
	for len(text) > 0 {
		size := wordSize(text)
		word := text[:size]
		letter, known := v.numbers[word]
		if !known {
			letter = numberLetter(len(v.words))
			v.words, v.numbers[word] = append(v.words, word), letter
		}
		spelled, text = append(spelled, letter), text[size:]
	}
	return spelled
}

// The characters that stand for words leave out those that no string can hold: UTF-16's surrogates.
const (
	firstSurrogate = 0xD800
	surrogates     = 0x800
	firstLetter    = 1
)

func numberLetter(n int) rune {
	letter := rune(n) + firstLetter //nolint:gosec // a text has not as many words
	if letter >= firstSurrogate {
		letter += surrogates
	}
	return letter
}

func letterNumber(letter rune) int {
	if letter >= firstSurrogate {
		letter -= surrogates
	}
	return int(letter - firstLetter)
}

// wordSize is how long the first word of a text is: letters, digits and the marks on them; or blanks; or else one character, with
// what is joined to it.
func wordSize(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	same := func(r rune) bool { return unicode.In(r, unicode.M, unicode.Cf) }
	switch {
	case inWord(first):
		same = inWord
	case unicode.IsSpace(first):
		same = func(r rune) bool { return r == first }
	}
	for size < len(text) {
		r, more := utf8.DecodeRuneInString(text[size:])
		if !same(r) {
			break
		}
		size += more
	}
	return size
}

func inWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M) || r == '\'' || r == '’' || r == '_'
}
