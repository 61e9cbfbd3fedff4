package text

import "unicode"

// Visible reports whether a reader sees anything of a text: a character that is no blank, shows something by itself, and is
// no mark without a character to stand on.
func Visible(s string) bool {
	for _, r := range s {
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && !unseen(r) && !filler(r) {
			return true
		}
	}
	return false
}

// filler characters are letters and symbols that are blank: those that Hangul is filled up with, Braille without a dot, and
// others that Unicode lets every program ignore.
func filler(r rune) bool {
	return r == '\u2800' || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
