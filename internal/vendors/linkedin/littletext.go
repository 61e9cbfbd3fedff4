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

// hashtagWord is what may follow a "#" to make it a hashtag. Marks are part of words in many scripts.
var hashtagWord = regexp.MustCompile(`^[\p{L}\p{M}\p{N}_]+`)

// escape writes plain text as little text. What LinkedIn then shows is the text, character by character; hashtags in it
// become links. They are written by LinkedIn's template for them, because an escaped "#" is documented to be shown as
// plain text, and a bare one is a reserved character, whose risk is a text cut short.
func escape(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	before := ' '
	for i := 0; i < len(text); {
		if tag := hashtagAt(text[i:], before); tag != "" {
			b.WriteString(`{hashtag|\#|`)
			escapeTo(&b, tag)
			b.WriteByte('}')
			i += len("#") + len(tag)
			before, _ = utf8.DecodeLastRuneInString(tag)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		escapeTo(&b, text[i:i+size])
		before = r
		i += size
	}
	return b.String()
}

// hashtagAt returns the word of a hashtag that starts here, or "". A "#" is a plain character inside a word (C#minor), in
// a URL or an HTML entity (/#top, &#x27;), and before nothing but digits (#1).
func hashtagAt(text string, before rune) string {
	if text[0] != '#' || unicode.In(before, unicode.L, unicode.M, unicode.N) || strings.ContainsRune("_#&/=?", before) {
		return ""
	}
	tag := hashtagWord.FindString(text[len("#"):])
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
	hashtagTemplate = regexp.MustCompile(`\{hashtag\|\\?([#＃])\|((?:\\.|[^\\}|])*)\}`)
	mention         = regexp.MustCompile(`@\[((?:\\.|[^\\\]])*)\]\([^)]*\)`)
	escapedRune     = regexp.MustCompile(`(?s)\\(.)`)
)

// plain reads little text, as LinkedIn returns it, back into the text that people see: of a mention, its name.
func plain(little string) string {
	little = hashtagTemplate.ReplaceAllString(little, `\$1$2`)
	little = mention.ReplaceAllString(little, `$1`)
	return escapedRune.ReplaceAllString(little, `$1`)
}
