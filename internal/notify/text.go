package notify

import (
	"strings"
	"unicode"
)

// longestSubject is in characters; specs/api holds callers to the same.
const longestSubject = 200

// misleads reports whether a character has no place in a line that a person is shown: one that ends the line, and with it a
// header of an e-mail, that a terminal obeys, or that turns the order of what follows around.
func misleads(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || // line and paragraph separator
		(r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069') // embeddings, overrides, isolates
}

// misleadsInText is misleads for a text of several lines, whose writer may need other writing directions in it.
func misleadsInText(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}

// oneLine makes a subject of what Postwright put together from names and texts of others.
func oneLine(text string) string {
	spaced := strings.Map(func(r rune) rune {
		if misleads(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	return shorten(strings.Join(strings.Fields(spaced), " "), longestSubject)
}

// lines is oneLine for a text of several.
func lines(text string) string {
	return strings.Map(func(r rune) rune {
		if misleadsInText(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// shorten cuts a text to at most n characters: people read them, where fault.Clip bounds bytes.
func shorten(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}
