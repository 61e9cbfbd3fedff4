package text

import "unicode"

// Visible reports whether a reader sees anything of a text: a character that is no blank, shows something by itself, and is
// no mark without a character to stand on.
func Visible(s string) bool {
	for _, r := range s {
		if shows(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && !Unseen(r) && !filler(r) {
			return true
		}
	}
	return false
}

// shows reports whether a character can be seen at all. One that the tables here lack is taken to be newer than they are, as an
// emoji of this year is, and one for private use to be in the font of those who use it: readers see it, or a box in its place.
func shows(r rune) bool {
	return unicode.IsGraphic(r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r) || unicode.Is(unicode.Co, r) ||
		unicode.Is(unicode.Cn, r) && !unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// filler characters are letters and symbols that are blank: those that Hangul is filled up with, Braille without a dot, a note
// without its head, Egyptian blanks, and others that Unicode lets every program ignore, some of which it has not assigned yet.
func filler(r rune) bool {
	switch r {
	case '\u2800', '\U0001D159', '\U00013441', '\U00013442':
		return true
	}
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
