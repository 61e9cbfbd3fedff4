package sandbox

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// The elements of little text, and the characters that must be escaped outside of them (LinkedIn, little-text-format). LinkedIn
// does not say which words can be hashtags. Here it is what Unicode calls one (UAX #31, hashtag identifiers) without emoji: it
// begins with a letter, a digit or "_", and goes on with these and marks, before which joiners may stand, and Mongolian's
// separator of vowels. What is none is cut, so that nobody relies on it; so is one that takes a character out of what encloses
// it, as of a keycap.
var (
	templateElement = regexp.MustCompile(
		`^\{hashtag\|\\?[#＃]\|((?:\\?_|[\p{L}\p{N}])(?:[\x{200c}\x{200d}\x{180e}]*(?:\\?_|[\p{L}\p{N}\p{Mn}\p{Mc}]))*)\}`,
	)
	enclosing      = regexp.MustCompile(`^[\p{Mn}\p{Mc}]*\p{Me}`)
	mentionElement = regexp.MustCompile(`^@\[((?:\\.|[^\\\]])+)\]\(urn:li:(?:person|organization):[A-Za-z0-9_-]+\)`)
	hashtagElement = regexp.MustCompile(`^#[\p{L}\p{N}]+`)
)

const littleReserved = `\|{}@[]()<>#*_~`

// shown is what LinkedIn makes of little text: elements are resolved, escapes removed, and at the first reserved
// character that is neither, the rest is lost.
func shown(little string) string {
	var b strings.Builder
	for len(little) > 0 {
		if element := templateElement.FindStringSubmatch(little); element != nil && !enclosing.MatchString(little[len(element[0]):]) {
			b.WriteString("#" + unescape(element[1]))
			little = little[len(element[0]):]
			continue
		}
		if element := mentionElement.FindStringSubmatch(little); element != nil {
			b.WriteString(unescape(element[1]))
			little = little[len(element[0]):]
			continue
		}
		if element := hashtagElement.FindString(little); element != "" {
			b.WriteString(element)
			little = little[len(element):]
			continue
		}
		r, size := utf8.DecodeRuneInString(little)
		if r == '\\' && len(little) > size {
			_, next := utf8.DecodeRuneInString(little[size:])
			b.WriteString(little[size : size+next])
			little = little[size+next:]
			continue
		}
		if strings.ContainsRune(littleReserved, r) {
			break
		}
		b.WriteString(little[:size])
		little = little[size:]
	}
	return b.String()
}

func unescape(s string) string {
	var b strings.Builder
	escaped := false
	for _, r := range s {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		b.WriteRune(r)
		escaped = false
	}
	return b.String()
}
