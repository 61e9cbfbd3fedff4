package linkedin

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/text"
)

// reserved are the characters that mean something in LinkedIn's "little text" and must be escaped everywhere else
// (little-text-format). Left bare, they make LinkedIn cut the text at that place, with a 201.
const reserved = `\|{}@[]()<>#*_~`

// escape writes plain text as little text. What LinkedIn then shows is the text, character by character; hashtags in it
// become links. They are written by LinkedIn's template for them, because an escaped "#" is documented to be shown as
// plain text, and a bare one is a reserved character, whose risk is a text cut short.
func escape(shown string) string {
	var b strings.Builder
	b.Grow(len(shown) + len(shown)/8)
	for i := 0; i < len(shown); {
		if tag := hashtagAt(shown[i:], shown[:i]); tag != "" {
			b.WriteString(`{hashtag|\#|`)
			escapeTo(&b, tag)
			b.WriteByte('}')
			i += len("#") + len(tag)
			continue
		}
		_, size := utf8.DecodeRuneInString(shown[i:])
		escapeTo(&b, shown[i:i+size])
		i += size
	}
	return b.String()
}

// hashtagAt returns the word of a hashtag that starts here, after what is before, or "". One of full width (＃) stays as it is
// written: that is no reserved character, and LinkedIn finds it by itself.
func hashtagAt(shown, before string) string {
	if shown[0] != '#' || !text.BeginsHashtag(before) {
		return ""
	}
	word := shown[len("#"):]
	return word[:text.HashtagWord(word)]
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
