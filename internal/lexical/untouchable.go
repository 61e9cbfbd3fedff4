package lexical

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// What people write that is no prose. But for LinkedIn's mentions, none of it has a space within, so it is looked for in one stretch
// without spaces after the other, and an e-mail's address, which takes up the rest of its stretch, by hand: in one expression with the
// others it would be followed to the end of the stretch from wherever one of them begins, and a text of 10,000 characters without a
// space took seconds.
const (
	link    = `https?://\S+`
	tag     = `[@#][\p{L}\p{M}\p{N}_]+(?:[\x{200c}\x{200d}\x{180e}]+[\p{L}\p{M}\p{N}_]+)*`
	website = `[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}(?:[/?]\S*)?`
)

// written finds some of what is no prose.
type written struct{ atOnce, anywhere *regexp.Regexp }

var (
	stretch = regexp.MustCompile(`\S+`)
	// urnMention is one of a member or a page, as LinkedIn has it: @[Name](urn:li:person:1).
	urnMention = regexp.MustCompile(`@\[[^\]\n]+\]\(urn:[^)\s]+\)`)
	// untouchable are the parts of a text that no rule may change: addresses with and without https, mentions, hashtags.
	untouchable = written{regexp.MustCompile(`^(?:` + link + `|` + tag + `)`), regexp.MustCompile(link + `|` + tag + `|` + website)}
)

// Prose is a text with a blank in the place of its links, addresses, mentions and hashtags. The stop that ends a sentence after a link
// stays.
func Prose(text string) string {
	return untouchable.replaced(text, func(part string) string { return " " + part[len(strings.TrimRight(part, ".!?…")):] })
}

// in returns where in a text they are, in order: mentions of LinkedIn's, which may have spaces, before all others; links and tags
// before an e-mail's address that would begin at the same place, and that before a website.
func (w written) in(text string) (found [][2]int) {
	from := 0
	for _, at := range urnMention.FindAllStringIndex(text, -1) {
		found = append(w.between(text, from, at[0], found), [2]int{at[0], at[1]})
		from = at[1]
	}
	return w.between(text, from, len(text), found)
}

// between adds to those found what is in a part of a text without mentions of LinkedIn's.
func (w written) between(text string, start, end int, found [][2]int) [][2]int {
	for _, at := range stretch.FindAllStringIndex(text[start:end], -1) {
		from, to := start+at[0], start+at[1]
		mailBefore := from + lastAt(text[from:to])
		for from < to {
			part := []int{0, to - from}
			if from >= mailBefore {
				part = w.anywhere.FindStringIndex(text[from:to])
			} else if first := w.atOnce.FindStringIndex(text[from:to]); first != nil {
				part = first
			}
			if part == nil {
				break
			}
			found = append(found, [2]int{from + part[0], from + part[1]})
			from += part[1]
		}
	}
	return found
}

// replaced returns the text with each of them replaced.
func (w written) replaced(text string, by func(part string) string) string {
	var b strings.Builder
	from := 0
	for _, at := range w.in(text) {
		b.WriteString(text[from:at[0]])
		b.WriteString(by(text[at[0]:at[1]]))
		from = at[1]
	}
	b.WriteString(text[from:])
	return b.String()
}

// lastAt is the place of the last @ of a stretch that can be an e-mail's: something stands before it, and after it something, a dot
// and something. It is 0 where there is none.
func lastAt(stretch string) int {
	_, last := utf8.DecodeLastRuneInString(stretch)
	dot := strings.LastIndexByte(stretch[:len(stretch)-last], '.')
	if dot < 0 {
		return 0
	}
	_, before := utf8.DecodeLastRuneInString(stretch[:dot])
	return max(strings.LastIndexByte(stretch[:dot-before], '@'), 0)
}
