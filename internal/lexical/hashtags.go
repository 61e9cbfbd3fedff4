package lexical

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxHashtags is how many hashtags are suggested at most.
const maxHashtags = 10

// unbroken is a run of letters, digits and marks, in which several scripts have joiners, and Mongolian a separator of vowels.
const unbroken = `[\p{L}\p{N}](?:[\x{200c}\x{200d}\x{180e}]*[\p{L}\p{Mn}\p{Mc}\p{N}])*`

var (
	phraseEnd = regexp.MustCompile(
		`https?://\S+|[\p{L}\p{N}][\p{Mn}\p{Mc}]*\p{Me}|[^\p{L}\p{M}\p{N}\x{200c}\x{200d}\x{180e}'’\s-]+|\n+`,
	) // keycaps as well
	// mention is looked for by itself: beside other ends of phrases it would be followed to the next space from each of them.
	mention  = regexp.MustCompile(`\S*@\S+`)
	wordForm = regexp.MustCompile(unbroken + `(?:['’-]` + unbroken + `)*`)
)

// stopWords end a key phrase.
var stopWords = set(`a about after again all also am an and any are as at be because been before being between both but by can
could did do does doing done don't down each even ever every few for from get gets getting go goes going got had has have having
he her here hers him his how i i'd i'll i'm i've if in into is isn't it it's its just keep let let's like made make makes many may
me might more most much must my new no not now of off on once one only or other our ours out over own really say says see she should
so some still such take than that that's the their them then there these they they're thing things this those through to today too
two under until up us use used uses using very was way we we're we've well were what when where which while who why will with
without won't would yes yet you you'd you'll you're your yours

actually ago already always am another anybody anyone anything ask asked away back became become begin began believe best better big
bit bring brought came come comes coming early else enough everybody everyone everything far feel felt find finally first five found
four full gave give given glad gone good great happen happened happy hard here's hello help helps hope hundred i'm instead join kept
knew know known last late later learn least left less long look looks lot lots maybe mean means month months morning move moved near need needed
needs never next nice nobody none nothing often old past people per perhaps please proud put quite rather read ready right said same
saw see seems seen send sent set short show shows since soon someone something somebody start started still stop story sure takes taken
talk tell thank thanks thing think thought thousand three till time times together told tomorrow tonight took tried true try turn want
wanted wants week weeks went whole word words worth write written wrote year years yesterday young
monday tuesday wednesday thursday friday saturday sunday seven eight nine ten six half dozen`)

// IsStopWord reports whether an English word says nothing of what a text is about.
func IsStopWord(word string) bool { return stopWords[strings.ToLower(word)] }

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// Hashtags suggests up to ten hashtags for a text, best first, without "#". Key phrases are found and scored as in RAKE
// (Rose and others, 2010): runs of words between stop words, each word worth the lengths of all phrases it is in.
func Hashtags(text string) []string {
	phrases := keyPhrases(text)
	degree := map[string]int{}
	for _, phrase := range phrases {
		for _, w := range phrase {
			degree[strings.ToLower(w)] += len(phrase)
		}
	}
	type candidate struct {
		tag   string
		score int
		place int
	}
	var candidates []candidate
	seen := map[string]bool{}
	for place, phrase := range phrases {
		tag := camelCase(phrase)
		if folded := strings.ToLower(tag); seen[folded] || !worth(tag) {
			continue
		} else {
			seen[folded] = true
		}
		score := 0
		for _, w := range phrase {
			score += degree[strings.ToLower(w)]
		}
		candidates = append(candidates, candidate{tag, score, place})
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.place, b.place))
	})
	tags := []string{}
	for _, c := range candidates[:min(len(candidates), maxHashtags)] {
		tags = append(tags, c.tag)
	}
	return tags
}

// keyPhrases are the runs of one to three words between stop words and punctuation. A longer run is a
// sentence of its own rather than a name for something: each of its words stands alone.
func keyPhrases(text string) [][]string {
	const longest = 3
	var phrases [][]string
	for _, part := range phraseEnd.Split(mention.ReplaceAllString(text, "\n"), -1) {
		var run []string
		flush := func() {
			if len(run) > longest {
				for _, w := range run {
					phrases = append(phrases, []string{w})
				}
			} else if len(run) > 0 {
				phrases = append(phrases, run)
			}
			run = nil
		}
		for _, w := range wordForm.FindAllString(part, -1) {
			w = strings.TrimRightFunc(strings.ReplaceAll(w, "’", "'"), func(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) })
			if stopWords[strings.ToLower(w)] || utf8.RuneCountInString(w) < 2 {
				flush()
				continue
			}
			run = append(run, w)
		}
		flush()
	}
	return phrases
}

// camelCase joins words into one: "open source" becomes OpenSource. A word with capitals of its own keeps them: PostgreSQL, API.
func camelCase(words []string) string {
	var b strings.Builder
	for _, w := range words {
		for i, part := range strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '\'' }) {
			first, size := utf8.DecodeRuneInString(part)
			if i > 0 && len(part) == size { // the s of "team's"
				b.WriteString(part)
				continue
			}
			rest := part[size:]
			if rest == strings.ToUpper(rest) && utf8.RuneCountInString(part) > longestAcronym { // shouted
				rest = strings.ToLower(rest)
			}
			b.WriteRune(unicode.ToTitle(first))
			b.WriteString(rest)
		}
	}
	return b.String()
}

// longestAcronym is from how many capitals on, but one, a word is taken to be shouted.
const longestAcronym = 5

// worth reports whether people would look for the tag: it has letters and is neither tiny nor a sentence.
func worth(tag string) bool {
	n := utf8.RuneCountInString(tag)
	return n >= 3 && n <= 30 && strings.ContainsFunc(tag, unicode.IsLetter)
}
