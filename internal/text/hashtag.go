package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// zero-width joiners, with which several scripts write within a word: ශ්‍රීලංකා, نرم‌افزار.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// HashtagWord is how many bytes at the beginning of a text are the word of a hashtag, without its sign; 0 for none. It is made
// of letters, digits, "_", the marks on them, and joiners between letters; at least one of it is a letter that can be seen.
// It never begins with a mark: what begins so belongs to the character before, as in a keycap.
func HashtagWord(s string) int {
	end, letters, before := 0, 0, rune(-1)
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		next, _ := utf8.DecodeRuneInString(s[end+size:])
		joins := (r == joiner || r == nonJoiner) && inWord(before) && inWord(next) && !filler(next)
		switch {
		case joins:
		case r == utf8.RuneError, unseen(r), filler(r):
			return whole(end, letters)
		case unicode.IsLetter(r):
			letters++
		case unicode.IsNumber(r), r == '_', unicode.In(r, unicode.Mn, unicode.Mc) && end > 0:
		default:
			return whole(end, letters)
		}
		before, end = r, end+size
	}
	return whole(end, letters)
}

func whole(end, letters int) int {
	if letters == 0 {
		return 0
	}
	return end
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.In(r, unicode.Mn, unicode.Mc) }

// Hashtags are the words of the hashtags that are written in a text, in their order, under either sign that LinkedIn knows:
// "#" and its form of full width.
func Hashtags(s string) (words []string) {
	before := ' '
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if (r == '#' || r == '＃') && BeginsHashtag(before) {
			if n := HashtagWord(s[i+size:]); n > 0 {
				words = append(words, s[i+size:i+size+n])
				i += size + n
				before = 'x'
				continue
			}
		}
		before = r
		i += size
	}
	return words
}

// BeginsHashtag reports whether a "#" after this character can begin a hashtag. It is a plain character inside a word
// (C#minor), in an address and in an HTML entity (/#top, &#x27;).
func BeginsHashtag(before rune) bool {
	return !unicode.In(before, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("_#&/=?", before)
}

// HashtagKey is the same for two words that are one hashtag: whatever their case, their width, how their accents are written,
// joiners and variation selectors: see Fold.
func HashtagKey(word string) string { return Fold(word) }
