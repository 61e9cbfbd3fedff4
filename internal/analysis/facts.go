package analysis

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/lexical"
	"github.com/postwright/postwright/internal/text"
)

// factSorts are what a text states in a form of its own, in the order in which they are taken out of it: the numbers of a link are
// none. What is left has numbers and names.
var factSorts = []struct {
	name string
	form *regexp.Regexp
	key  func(string) string // the same for two spellings of one fact
}{
	{"mention", regexp.MustCompile(`@\[[^\]\n]{1,200}\]\(urn:[^)\s]{1,200}\)`), same},
	{"link", regexp.MustCompile(`(?i)https?://\S+`), withoutStop},
	{"mail address", regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}`), strings.ToLower},
	{"mention", regexp.MustCompile(`@[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]*`), withoutStop},
	{"hashtag", regexp.MustCompile(`[#＃][\p{L}\p{M}\p{N}_]+`), func(s string) string { return text.HashtagKey(strings.TrimLeft(s, "#＃")) }},
	// Without a path its end is in small letters: two sentences without a blank between them are none.
	{"link", regexp.MustCompile(`(?:[\p{L}\p{N}-]+\.)+(?:\p{L}{2,}(?:/\S*|\?\S+)|[\p{Ll}\p{Lo}]{2,})`), withoutStop},
}

func same(s string) string { return s }

// withoutStop is a link without what ends the sentence that it stands in.
func withoutStop(s string) string { return strings.TrimRight(s, `.,;:!?)]}>"'»”’…`) }

// facts are a text's.
type facts struct {
	sorts   [][]string // by factSorts
	numbers []string
	names   []string
	words   map[string]bool // of what is left, folded: a name is there if it is one of them
}

func factsOf(s string) facts {
	f := facts{sorts: make([][]string, len(factSorts))}
	rest := s
	for i, sort := range factSorts {
		for _, found := range sort.form.FindAllString(rest, -1) {
			f.sorts[i] = append(f.sorts[i], sort.key(found))
		}
		rest = sort.form.ReplaceAllString(rest, " · ") // after which a sentence may begin
	}
	f.numbers, f.names, f.words = numbersIn(rest), namesIn(rest), wordsIn(rest)
	return f
}

// wordsIn are the words of a text, those that are joined by a hyphen or the like also one by one.
func wordsIn(s string) map[string]bool {
	words := map[string]bool{}
	for _, word := range nameWord.FindAllString(s, -1) {
		words[text.Fold(word)], words[text.Fold(bare(word))] = true, true
		for _, part := range strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune("&'’-", r) }) {
			words[text.Fold(part)] = true
		}
	}
	return words
}

// missing is the first that is not among the others, "" where all are.
func missing(these, others []string) string {
	for _, fact := range these {
		if !slices.Contains(others, fact) {
			return fact
		}
	}
	return ""
}

var nameWord = regexp.MustCompile(`[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:[&'’-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*`)

// namesIn are the words of a text that are names as far as capitals tell: those with one inside, such as PostgreSQL, and those that
// begin with one in the middle of a sentence. Languages other than English begin more words so: there only two in a row are a name.
// In a line that has capitals everywhere they tell nothing.
func namesIn(s string) (names []string) {
	_, english := lexical.Language(s)
	for line := range strings.Lines(s) {
		words := nameWord.FindAllStringIndex(line, -1)
		high := 0
		for _, at := range words {
			if begins(line[at[0]:at[1]]) {
				high++
			}
		}
		if len(words) > 3 && 5*high > 3*len(words) {
			continue
		}
		for i, at := range words {
			word := line[at[0]:at[1]]
			next := i+1 < len(words) && strings.TrimSpace(line[at[1]:words[i+1][0]]) == "" && begins(line[words[i+1][0]:words[i+1][1]])
			before := i > 0 && strings.TrimSpace(line[words[i-1][1]:at[0]]) == "" && begins(line[words[i-1][0]:words[i-1][1]])
			within := begins(word) && inSentence(line[:at[0]]) && (english || next || before) && !lexical.IsStopWord(word)
			if within || inner(word) {
				names = append(names, bare(word))
			}
		}
	}
	return names
}

// begins reports whether a word begins with a capital, and is more than the English I.
func begins(word string) bool {
	first, size := utf8.DecodeRuneInString(word)
	if first == 'I' && (size == len(word) || strings.HasPrefix(word[size:], "'") || strings.HasPrefix(word[size:], "’")) {
		return false
	}
	return unicode.IsUpper(first)
}

// inner reports whether a word has a capital after a small letter, or both capitals and digits: PostgreSQL, iPhone, B2B.
func inner(word string) bool {
	small, capital, digit := false, false, false
	for _, r := range word {
		if unicode.IsUpper(r) {
			if small {
				return true
			}
			capital = true
		}
		small = unicode.IsLower(r)
		digit = digit || unicode.IsDigit(r)
	}
	return capital && digit
}

// inSentence reports whether what stands before a word shows that it does not begin a sentence.
func inSentence(before string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(before, " \t"))
	return unicode.IsLetter(last) || unicode.IsDigit(last) || unicode.IsMark(last) || strings.ContainsRune(",;&-–", last)
}

// bare is a name without the s of a possessive.
func bare(word string) string {
	return strings.TrimSuffix(strings.TrimSuffix(word, "'s"), "’s")
}
