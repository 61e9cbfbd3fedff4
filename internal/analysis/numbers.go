package analysis

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/text"
)

const (
	currency = `\p{Sc}|EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN`
	blank    = `[ \x{a0}\x{202f}]?`
)

var (
	number = regexp.MustCompile(`\p{N}+(?:[.,:'’]\p{N}+)*[\p{L}%‰]*`)
	// What belongs to a number on either side.
	signBefore       = regexp.MustCompile(`([+\-−–])$`)
	currencyBefore   = regexp.MustCompile(`(` + currency + `)` + blank + `$`)
	comparisonBefore = regexp.MustCompile(`([<>]=?|[≤≥≈~±≠])` + blank + `$`)
	unitAfter        = regexp.MustCompile(`^` + blank + `(` + currency + `|[%‰])`)
	oneSpelling      = strings.NewReplacer("−", "-", "–", "-", ">=", "≥", "<=", "≤")
)

// numbersIn are the numbers of a text, each with its comparison, sign, currency and per cent, which make another number of it, in one
// spelling: the currency may stand on either side.
func numbersIn(s string) (numbers []string) {
	end := 0
	for _, at := range number.FindAllStringIndex(s, -1) {
		value := s[at[0]:at[1]]
		left, sign := cutEnd(s[end:at[0]], signBefore)
		before, money := cutEnd(left, currencyBefore)
		if unicode.IsLetter(last(money)) && joins(s[:end+len(before)]) { // the end of a word
			before, money = left, ""
		}
		if sign == "" {
			before, sign = cutEnd(before, signBefore)
		}
		if joins(s[:end+len(before)]) { // a hyphen: 5-10, COVID-19
			sign = ""
		}
		_, comparison := cutEnd(before, comparisonBefore)
		end = at[1]
		if found := unitAfter.FindStringSubmatchIndex(s[end:]); found != nil {
			unit := s[end+found[2] : end+found[3]]
			next, _ := utf8.DecodeRuneInString(s[end+found[1]:])
			switch {
			case unicode.IsDigit(next), unicode.IsLetter(next) && unicode.IsLetter(last(unit)): // the next number's, or a word's beginning
			case unit == "%", unit == "‰":
				value += unit
			case money == "":
				money = unit
				end += found[1]
			}
		}
		numbers = append(numbers, text.Fold(oneSpelling.Replace(comparison+sign)+money+value))
	}
	return numbers
}

// cutEnd is a text without what a form finds at its end, and what that is, "" for nothing.
func cutEnd(s string, form *regexp.Regexp) (before, found string) {
	at := form.FindStringSubmatchIndex(s)
	if at == nil {
		return s, ""
	}
	return s[:at[0]], s[at[2]:at[3]]
}

// joins reports whether a text ends with what would be one word with what follows.
func joins(before string) bool {
	return unicode.IsLetter(last(before)) || unicode.IsDigit(last(before))
}

func last(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}
