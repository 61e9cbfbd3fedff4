package lexical

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// substitution replaces a phrase of whole words in ASCII, whatever the case of its first letter, which is kept; but no part of a name.
type substitution struct{ phrase, by string }

// substitutions of each phrase by what follows it. A ' in a phrase stands for ’ as well.
func substitutions(pairs ...string) []substitution {
	list := make([]substitution, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, substitution{pairs[i], pairs[i+1]})
		if curly := strings.ReplaceAll(pairs[i], "'", "’"); curly != pairs[i] {
			list = append(list, substitution{curly, pairs[i+1]})
		}
	}
	return list
}

// replaced carries out one substitution after the other. Most find nothing: they are looked for as they are, which takes a
// hundredth of the time that as many regular expressions take.
func replaced(text string, list []substitution) string {
	lower := lowerASCII(text)
	for _, s := range list {
		if changed := s.apply(text, lower); changed != text {
			text, lower = changed, lowerASCII(changed)
		}
	}
	return text
}

// lowerASCII is the text with small letters for A to Z, each where it was.
func lowerASCII(text string) string {
	lower := []byte(text)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

func (s substitution) apply(text, lower string) string {
	var b strings.Builder
	from := 0
	for next := 0; ; {
		at := strings.Index(lower[next:], s.phrase)
		if at < 0 {
			break
		}
		at, next = next+at, next+at+1
		end := at + len(s.phrase)
		if wordByteAt(lower, at-1) || wordByteAt(lower, end) {
			continue
		}
		b.WriteString(text[from:at])
		from, next = end, end
		found, by := text[at:end], s.by
		if first, _ := utf8.DecodeRuneInString(found); unicode.IsUpper(first) {
			by = capitalized(by)
		}
		if partOfName(text[:at], found, text[end:]) {
			by = found
		}
		b.WriteString(by)
	}
	if from == 0 {
		return text
	}
	b.WriteString(text[from:])
	return b.String()
}

// wordByteAt reports whether there is a letter, digit or underscore of ASCII at a place, as \b of a regular expression looks at it.
func wordByteAt(lower string, at int) bool {
	if at < 0 || at >= len(lower) {
		return false
	}
	c := lower[at]
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_'
}
