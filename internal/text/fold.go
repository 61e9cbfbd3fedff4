package text

import (
	"regexp"
	"strings"
	"sync/atomic"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold is a text as it is searched: the same for all spellings that differ by case, by whether an accent is a character of its
// own, by the width of letters, by the kind and number of blanks, or by characters that show nothing (Unicode's compatibility
// caseless matching, D146, composed again). So ß is ss, and a final sigma is a sigma. An accent makes a difference: it makes
// another letter in many languages. What is kept folded must be folded anew when this changes.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for _, r := range s {
		if '!' <= r && r <= '~' { // most of most texts: it has no other form than its lower case
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteByte(byte(r))
			blank = false
			continue
		}
		l := letterOf(r)
		if !l.apart {
			return fold(s)
		}
		folded := l.folded
		if blank {
			folded = strings.TrimPrefix(folded, " ")
		}
		b.WriteString(folded)
		blank = strings.HasSuffix(folded, " ") || blank && folded == ""
	}
	return b.String()
}

// fold is Fold without a short way.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !Unseen(r):
			b.WriteRune(r)
		}
	}
	s = norm.NFKC.String(strings.Map(cherokee, caseless(caseless(norm.NFD.String(b.String())))))
	return blanks.ReplaceAllString(s, " ")
}

// blanks are those of the text, and those that compatible forms of accents that stand alone begin with.
var blanks = regexp.MustCompile(` {2,}`)

func caseless(s string) string { return norm.NFKD.String(cases.Fold().String(s)) }

// cherokee mends the one script that Unicode folds to capitals: x/text swaps the two.
func cherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}

// letter is how a character is folded by itself. Those that stand apart from what is before them fold one by one, which is
// thirty times as fast.
type letter struct {
	folded string
	apart  bool
}

// letters are those that were met, up to the planes in which scripts and emoji are.
var letters [0x20000]atomic.Pointer[letter]

func letterOf(r rune) letter {
	if int(r) < len(letters) {
		if l := letters[r].Load(); l != nil {
			return *l
		}
	}
	s := string(r)
	l := letter{folded: fold(s)}
	l.apart = norm.NFKC.PropertiesString(s).BoundaryBefore() && (l.folded == "" || norm.NFKC.PropertiesString(l.folded).BoundaryBefore())
	if int(r) < len(letters) {
		letters[r].Store(&l)
	}
	return l
}
