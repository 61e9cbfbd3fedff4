package lexical

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxUnits is LinkedIn's limit of a post, in UTF-16 units: a text within it never leaves it.
const maxUnits = 3000

// Optimize rewrites a text for engagement, clarity, brevity or professional_tone; known is false for any other kind. The
// edits are small and safe: addresses, mentions and hashtags stay as they are, and a text that fitted LinkedIn's limit
// still does. Where the rules find nothing, or would leave nothing, the text comes back unchanged.
func Optimize(text, kind string) (optimized string, known bool) {
	var rule func(string) string
	switch kind {
	case "engagement":
		rule = engage
	case "clarity":
		rule = func(s string) string { return splitLong(plainer(s)) }
	case "brevity":
		rule = func(s string) string {
			return untilStable(s, func(s string) string { return tidy(plainer(withoutFillers(s))) })
		}
	case "professional_tone":
		rule = func(s string) string { return tidy(calm(expand(s))) }
	default:
		return "", false
	}
	optimized = outsideLinks(text, rule)
	if strings.TrimSpace(optimized) == "" || (length(optimized) > maxUnits && length(text) <= maxUnits) {
		return text, true
	}
	return optimized, true
}

// untilStable applies a rule until it finds nothing more: a word that went may have been what gave the next one its meaning.
func untilStable(text string, rule func(string) string) string {
	const most = 10 // each round shortens the text; nobody writes what takes more
	for range most {
		shorter := rule(text)
		if shorter == text {
			break
		}
		text = shorter
	}
	return text
}

func length(text string) int { return len(utf16.Encode([]rune(text))) }

// The private-use characters, which stand for untouchable parts while a rule runs.
const firstMask, lastMask = 0xE000, 0xF8FF

func isMask(r rune) bool { return r >= firstMask && r <= lastMask }

// outsideLinks applies a rule to a text whose untouchable parts are put aside meanwhile. A text that uses private-use
// characters itself, or has more such parts than there are of them, is left alone.
func outsideLinks(text string, rule func(string) string) string {
	if strings.ContainsFunc(text, isMask) || !utf8.ValidString(text) {
		return text
	}
	var aside []string
	masked := untouchable.replaced(text, func(part string) string {
		aside = append(aside, part)
		return string(rune(min(firstMask+len(aside)-1, lastMask)))
	})
	if len(aside) > lastMask-firstMask {
		return text
	}
	var b strings.Builder
	for _, r := range rule(masked) {
		if isMask(r) {
			b.WriteString(aside[r-firstMask])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// partOfName reports whether a phrase stands in a name, as far as capitals tell: it has one in the middle of a sentence, or is the
// first word of a sentence and the next has one too, as in "Just Eat". A contraction is none, nor is what begins with I.
func partOfName(before, phrase, after string) bool {
	first, _ := utf8.DecodeRuneInString(phrase)
	if !unicode.IsUpper(first) || strings.ContainsAny(phrase, "'’") || strings.HasPrefix(phrase, "I ") {
		return false
	}
	if last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(before, " \t")); !beginsSentence(last) {
		return true
	}
	if strings.Contains(strings.TrimSpace(phrase), " ") {
		return false
	}
	next, size := utf8.DecodeRuneInString(strings.TrimLeft(after, " \t"))
	if next == 'I' { // the word, not a name that begins with it
		following, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, " \t")[size:])
		return unicode.IsLetter(following)
	}
	return unicode.IsUpper(next)
}

// beginsSentence reports whether a capital after this character says no more than that a sentence begins. RuneError is the
// beginning of the text.
func beginsSentence(last rune) bool {
	return !unicode.IsLetter(last) && !unicode.IsDigit(last) && !unicode.IsMark(last) && !strings.ContainsRune(",;&-–", last)
}

// capitalized starts a text with a capital, if its first character has one.
func capitalized(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if !unicode.IsLower(first) {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

var wordy = substitutions(
	`in order to`, "to", `due to the fact that`, "because", `at this point in time`, "now", `in the event that`, "if",
	`a large number of`, "many", `the majority of`, "most", `with regard to`, "about", `in spite of the fact that`, "although",
	`has the ability to`, "can", `is able to`, "can", `are able to`, "can", `prior to`, "before", `subsequent to`, "after",
	`utilize`, "use", `utilizes`, "uses", `utilizing`, "using", `utilized`, "used", `leverage our`, "use our", `leverage your`, "use your",
	`leverage their`, "use their", `leverage the`, "use the", `leverage this`, "use this", `leverages`, "uses", `leveraging`, "using",
	`facilitate`, "help", `commence`, "begin", `terminate`, "end", `in close proximity to`, "near",
	`on a regular basis`, "regularly", `for the purpose of`, "for", `in the near future`, "soon", `take into consideration`, "consider",
	`at the present time`, "now", `despite the fact that`, "although", `first and foremost`, "first", `each and every`, "every",
	`as a result of`, "because of", `make use of`, "use", `makes use of`, "uses", `with the exception of`, "except",
	`until such time as`, "until", `in light of the fact that`, "because", `for the reason that`, "because",
)

func plainer(text string) string { return replaced(text, wordy) }

var (
	filler = regexp.MustCompile(`(?i)\b(?:(?:actually|basically|literally|honestly|simply|very|really|quite|just)` +
		`|it is important to note that|i think that|(?:as a matter of fact|needless to say|at the end of the day),?)[ \t]+`)
	negation = regexp.MustCompile(`(?i)(?:\bnot|n['’]t)[ \t]+$`)
)

// withoutFillers drops words that say nothing, but for those that say something where they stand.
func withoutFillers(text string) string {
	var b strings.Builder
	from, upper := 0, false
	keep := func(piece string) {
		if upper && piece != "" {
			piece, upper = capitalized(piece), false
		}
		b.WriteString(piece)
	}
	const window = 32 // enough for two words and a stop, and no scan of the whole text for each filler
	for _, at := range filler.FindAllStringIndex(text, -1) {
		keep(text[from:at[0]])
		from = at[0]
		before := b.String()
		before = before[max(0, len(before)-window):]
		if says(before, text[at[0]:at[1]], text[at[1]:min(len(text), at[1]+window)]) {
			continue
		}
		first, _ := utf8.DecodeRuneInString(text[at[0]:])
		from, upper = at[1], upper || unicode.IsUpper(first)
	}
	keep(text[from:])
	return b.String()
}

// What gives a filler a meaning: the words around it, by the filler or, under "", by any.
var (
	lastWord  = regexp.MustCompile(`([\p{L}'’]+)[ \t]+$`)
	firstWord = regexp.MustCompile(`^[\p{L}'’]+`)
	meantBy   = map[string]struct{ before, after map[string]bool }{
		"":      {set("as so too how more most an"), set("and or but than as")},
		"quite": {set(""), set("a an the some right")},
		"just":  {set("a the"), set("about like in enough cause")},
		"very":  {set("the this that my our your his her their its"), set("much few little")},
	}
)

// says reports whether a filler means something between what stands before and after it: after a "not", in a name, and as meantBy
// says. "a really awful day" keeps it because without it "a" would be wrong.
func says(before, filler, after string) bool {
	if negation.MatchString(before) || partOfName(before, filler, after) {
		return true
	}
	previous := ""
	if found := lastWord.FindStringSubmatch(before); found != nil {
		previous = strings.ToLower(found[1])
	}
	next := strings.ToLower(firstWord.FindString(after))
	if previous == "a" && !strings.ContainsAny(next[:min(len(next), 1)], "bcdfgjklmnpqrstvwxyz") {
		return true
	}
	for _, word := range []string{"", strings.ToLower(strings.TrimSpace(filler))} {
		if meant := meantBy[word]; meant.before[previous] || meant.after[next] {
			return true
		}
	}
	return false
}

var contractions = substitutions(
	`can't`, "cannot", `won't`, "will not", `don't`, "do not", `doesn't`, "does not", `didn't`, "did not",
	`isn't`, "is not", `aren't`, "are not", `wasn't`, "was not", `weren't`, "were not", `haven't`, "have not",
	`hasn't`, "has not", `couldn't`, "could not", `wouldn't`, "would not", `shouldn't`, "should not",
	`i'm`, "I am", `i've`, "I have", `i'll`, "I will", `we're`, "we are", `we've`, "we have", `we'll`, "we will",
	`you're`, "you are", `you've`, "you have", `you'll`, "you will", `they're`, "they are", `they've`, "they have",
	`gonna`, "going to", `wanna`, "want to", `kinda`, "somewhat", `awesome`, "excellent", `guys`, "everyone",
)

func expand(text string) string { return replaced(text, contractions) }

var (
	shouting   = regexp.MustCompile(`[?…]*!+[!?]*`)
	emojiRun   = regexp.MustCompile(`[ \t]*(?:[\x{1F000}-\x{1FAFF}\x{2600}-\x{27BF}][\x{FE0F}\x{200D}]*[ \t]*)+`)
	spaceRun   = regexp.MustCompile(`[ \t]{2,}`)
	spaceEnd   = regexp.MustCompile(`(?m)[ \t]+$`)
	sentence   = regexp.MustCompile(`[^.!?…\n]+[.!?…]*`)
	longBreak  = regexp.MustCompile(`, (and|but|so) (?:I|we|you|he|she|it|they|there)\b`)
	blankLines = regexp.MustCompile(`\n{3,}`)
)

// calm takes the noise out: emoji go, exclamation marks become full stops, but for those of names.
func calm(text string) string {
	text = withoutEmoji(text)
	names := markedNames(text)
	var b strings.Builder
	from := 0
	for _, at := range shouting.FindAllStringIndex(text, -1) {
		b.WriteString(text[from:at[0]])
		from = at[1]
		marks := text[at[0]:at[1]]
		if marks[0] == '!' && names[wordBefore(text[:at[0]])] {
			b.WriteByte('!')
			if marks = marks[1:]; marks == "" {
				continue
			}
		}
		if strings.Contains(marks, "?") {
			b.WriteByte('?')
		} else {
			b.WriteByte('.')
		}
	}
	b.WriteString(text[from:])
	return b.String()
}

// withoutEmoji leaves a space where an emoji stood between words, and nothing at the ends of a line or before a stop.
// An address, mention or hashtag keeps its distance from a stop, which would become part of it.
func withoutEmoji(text string) string {
	var b strings.Builder
	from := 0
	for _, at := range emojiRun.FindAllStringIndex(text, -1) {
		b.WriteString(text[from:at[0]])
		from = at[1]
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, size := utf8.DecodeRuneInString(text[at[1]:])
		atEnd := at[0] == 0 || before == '\n' || size == 0 || after == '\n'
		if !atEnd && (isMask(before) || !strings.ContainsRune(".,;:!?)", after)) {
			b.WriteByte(' ')
		}
	}
	b.WriteString(text[from:])
	return b.String()
}

// tidy mends the spaces that removing words leaves, and starts the text with a capital again.
func tidy(text string) string {
	text = spaceEnd.ReplaceAllString(spaceRun.ReplaceAllString(text, " "), "")
	return capitalized(blankLines.ReplaceAllString(text, "\n\n"))
}

// longSentence is from how many words on a sentence is split at its joints.
const longSentence = 22

// splitLong makes sentences of one that is long and has joints where another clause begins: ", and we", ", but it".
func splitLong(text string) string {
	return sentence.ReplaceAllStringFunc(text, func(s string) string {
		var b strings.Builder
		for left := len(strings.Fields(s)); left >= longSentence; {
			joint := longBreak.FindStringSubmatchIndex(s)
			if joint == nil {
				break
			}
			b.WriteString(s[:joint[0]] + ". ")
			left -= len(strings.Fields(s[:joint[0]]))
			if s[joint[2]:joint[3]] == "and" {
				s = capitalized(s[joint[3]+1:])
				left--
			} else {
				s = capitalized(s[joint[2]:])
			}
		}
		return b.String() + s
	})
}

// closingQuestion invites an answer.
const closingQuestion = "What do you think?"

// The end of a sentence, unless what stands before it is an abbreviation.
var (
	sentenceEnd  = regexp.MustCompile(`[.!?…]+\s+`)
	abbreviation = regexp.MustCompile(`(?i)(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|vs|inc|approx|e\.g|i\.e|\p{L})$`)
)

// engage gives the first sentence a paragraph of its own, where people decide whether to read on, and ends with a
// question if there is none.
func engage(text string) string {
	body := strings.TrimRight(text, " \t\n")
	if body == "" {
		return text
	}
	if !strings.Contains(body, "\n") {
		const window = 16 // more than the longest abbreviation
		for _, end := range sentenceEnd.FindAllStringIndex(body, -1) {
			if !abbreviation.MatchString(body[max(0, end[0]-window):end[0]]) {
				body = body[:end[0]] + strings.TrimRight(body[end[0]:end[1]], " \t") + "\n\n" + body[end[1]:]
				break
			}
		}
	}
	if !strings.Contains(body, "?") {
		body += "\n\n" + closingQuestion
	}
	return body
}
