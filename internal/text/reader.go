package text

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// AsRead is a text without what a reader does not see: how its lines end, blanks at the ends of lines and of the whole,
// which kind of blank stands between words, characters that show nothing, and whether an accent is a character of its own.
// Whoever keeps a text may change these; two texts that are the same as read are the same text.
func AsRead(s string) string {
	s = lineEnds.Replace(strings.ToValidUTF8(s, "\uFFFD"))
	s = norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		case Unseen(r):
			return -1
		}
		return r
	}, s))
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\v", "\n", "\f", "\n")

// BeforeHashtags is a text without its last paragraph, if that is nothing but hashtags; else the text.
func BeforeHashtags(s string) string {
	s = AsRead(s)
	end := strings.LastIndex(s, "\n\n")
	if end < 0 {
		return s
	}
	for _, word := range strings.Fields(s[end:]) {
		if !strings.HasPrefix(word, "#") {
			return s
		}
	}
	return s[:end]
}

// Unseen reports whether a character shows nothing by itself: format characters such as the joiners and the byte order mark, but for those that
// are drawn before or around digits (U+06DD), and variation selectors, which some keep and some take out.
func Unseen(r rune) bool {
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) || unicode.Is(unicode.Variation_Selector, r) ||
		unicode.IsControl(r)
}

// alikeShare is which share of the pairs of letters of the shorter of two texts must be in the longer for them to be alike.
const alikeShare = 0.6

// link is what vendors replace by a shorter one of their own.
var link = regexp.MustCompile(`(?i)\bhttps?://\S+|\blnkd\.in/\S+`)

// Alike reports whether one text may be the other after somebody has changed it: cut it short, shortened its links, written
// characters in another way, or mended a word. It is meant to be wrong rather often than once too seldom, and never says
// that two texts are the same: see AsRead.
func Alike(a, b string) bool {
	a, b = bare(a), bare(b)
	if a == b || a == "" || b == "" {
		return true // nothing is left that could tell them apart
	}
	if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
		return true
	}
	ofA, ofB := pairs(a), pairs(b)
	shared, shorter := 0, min(total(ofA), total(ofB))
	for pair, n := range ofA {
		shared += min(n, ofB[pair])
	}
	return float64(shared) >= alikeShare*float64(shorter)
}

// bare is the letters and digits of a text in their plainest form, without links.
func bare(s string) string {
	s = norm.NFKD.String(cases.Fold().String(link.ReplaceAllString(html.UnescapeString(AsRead(s)), "")))
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.So, r) { // So: emoji
			return r
		}
		return -1
	}, s)
}

// pairs counts the pairs of neighbouring characters: they tell texts apart in every script, with blanks or without.
func pairs(s string) map[[2]rune]int {
	counts := map[[2]rune]int{}
	var before rune
	for _, r := range s {
		counts[[2]rune{before, r}]++
		before = r
	}
	return counts
}

func total(counts map[[2]rune]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
