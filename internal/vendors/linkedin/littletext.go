package linkedin

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reserved are the characters that mean something in LinkedIn's "little text" and must be escaped everywhere else
// (little-text-format). Left bare, they make LinkedIn cut the text at that place, with a 201.
const reserved = `\|{}@[]()<>#*_~`

// hashtagWord is what may follow a "#" to make it a hashtag.
var hashtagWord = regexp.MustCompile(`^[\p{L}\p{N}_]+`)

// escape writes plain text as little text. What LinkedIn then shows is the text, character by character; hashtags in it
// become links, by the template that LinkedIn has for them, because an escaped "#" is shown as plain text.
func escape(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	before := ' '
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if tag := hashtagAt(text[i:], before); tag != "" {
			b.WriteString(`{hashtag|\#|`)
			escapeTo(&b, tag)
			b.WriteByte('}')
			i += 1 + len(tag)
			before, _ = utf8.DecodeLastRuneInString(tag)
			continue
		}
		escapeTo(&b, text[i:i+size])
		before = r
		i += size
	}
	return b.String()
}

// hashtagAt returns the word of a hashtag that starts here, or "". A "#" inside a word, or before nothing but digits, is
// a plain character.
func hashtagAt(text string, before rune) string {
	if text[0] != '#' || unicode.IsLetter(before) || unicode.IsNumber(before) || before == '_' || before == '#' {
		return ""
	}
	tag := hashtagWord.FindString(text[1:])
	if !strings.ContainsFunc(tag, unicode.IsLetter) {
		return ""
	}
	return tag
}

func escapeTo(b *strings.Builder, text string) {
	for _, r := range text {
		if strings.ContainsRune(reserved, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
}

var (
	hashtagTemplate = regexp.MustCompile(`\{hashtag\|\\?[#＃]\|((?:\\.|[^\\}|])*)\}`)
	mention         = regexp.MustCompile(`@\[((?:\\.|[^\\\]])*)\]\([^)]*\)`)
	escapedRune     = regexp.MustCompile(`(?s)\\(.)`)
)

// plain reads little text, as LinkedIn returns it, back into plain text.
func plain(little string) string {
	little = hashtagTemplate.ReplaceAllString(little, `\#$1`)
	little = mention.ReplaceAllString(little, `$1`)
	return escapedRune.ReplaceAllString(little, `$1`)
}
