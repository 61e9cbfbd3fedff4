package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// between reports whether a character may stand between those of a word, though it shows nothing by itself: zero-width joiners
// (ශ්‍රීලංකා, نرم‌افزار), variation selectors of Han, Mongolian and other letters, the Mongolian vowel separator, and the
// combining grapheme joiner, which keeps Hebrew points in their order. Which characters a hashtag may have is documented nowhere.
func between(r rune) bool {
	const nonJoiner, joiner, vowelSeparator, graphemeJoiner = '\u200c', '\u200d', '\u180e', '\u034f'
	return r == nonJoiner || r == joiner || r == vowelSeparator || r == graphemeJoiner || unicode.Is(unicode.Variation_Selector, r)
}

// HashtagWord is how many bytes at the beginning of a text are the word of a hashtag, without its sign; 0 for none. It is made
// of letters, digits, "_", the marks on them, and what may stand between them; at least one of it is a letter that can be seen.
// It never begins with a mark: what begins so belongs to the character before. What a mark encloses, as a keycap does, is a sign
// of its own, and no part of a word.
func HashtagWord(s string) int {
	end, letters := 0, 0
	last, lettersBefore := 0, 0 // where the last letter, digit or "_" begins, with what stands before it
	for {
		rest := strings.TrimLeftFunc(s[end:], between)
		r, size := utf8.DecodeRuneInString(rest)
		next := len(s) - len(rest) + size
		switch {
		case r == utf8.RuneError, filler(r): // the former at the end of the text, too
			return whole(end, letters)
		case unicode.Is(unicode.Me, r):
			return whole(last, lettersBefore)
		case unicode.In(r, unicode.Mn, unicode.Mc) && end > 0:
		case unicode.IsLetter(r) || unicode.IsNumber(r) || r == '_':
			if end == 0 && next > size {
				return 0
			}
			last, lettersBefore = end, letters
			if unicode.IsLetter(r) {
				letters++
			}
		default:
			return whole(end, letters)
		}
		end = next
	}
}

func whole(end, letters int) int {
	if letters == 0 {
		return 0
	}
	return end
}

// Hashtags are the words of the hashtags that are written in a text, in their order, under either sign: "#" and its
// form of full width.
func Hashtags(s string) (words []string) {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if (r == '#' || r == '＃') && BeginsHashtag(s[:i]) {
			if n := HashtagWord(s[i+size:]); n > 0 {
				words = append(words, s[i+size:i+size+n])
				size += n
			}
		}
		i += size
	}
	return words
}

// BeginsHashtag reports whether a "#" after this text can begin a hashtag. It is a plain character inside a word
// (C#minor), in an address and in an HTML entity (/#top, &#x27;). Marks count as what they stand on: an accent as its letter, the
// selector of an emoji as the emoji. A keycap is an emoji, whatever is on it.
func BeginsHashtag(before string) bool {
	const keycap, emojiStyle = '\u20e3', '\ufe0f'
	styled := false
	for before != "" {
		r, size := utf8.DecodeLastRuneInString(before)
		before = before[:len(before)-size]
		switch {
		case r == keycap, r == 'ℹ' && styled: // the one emoji that is a letter as well
			return true
		case !unicode.IsMark(r):
			return !unicode.In(r, unicode.L, unicode.N) && !strings.ContainsRune("_#&/=?", r)
		}
		styled = r == emojiStyle
	}
	return true
}

// HashtagKey is the same for two words that are one hashtag: whatever their case, their width, how their accents are written,
// joiners and variation selectors: see Fold.
func HashtagKey(word string) string { return Fold(word) }
