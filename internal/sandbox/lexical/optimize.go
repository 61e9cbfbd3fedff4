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
// still does. Where the rules find nothing, the text comes back unchanged.
func Optimize(text, kind string) (optimized string, known bool) {
	var rule func(string) string
	switch kind {
	case "engagement":
		rule = engage
	case "clarity":
		rule = func(s string) string { return splitLong(plainer(s)) }
	case "brevity":
		rule = func(s string) string { return tidy(without(plainer(s), fillers)) }
	case "professional_tone":
		rule = func(s string) string { return tidy(calm(expand(s))) }
	default:
		return "", false
	}
	optimized = outsideLinks(text, rule)
	if length(optimized) > maxUnits && length(text) <= maxUnits {
		return text, true
	}
	return optimized, true
}

func length(text string) int { return len(utf16.Encode([]rune(text))) }

// untouchable are the parts of a text that no rule may change: addresses, mentions, hashtags.
var untouchable = regexp.MustCompile(`https?://\S+|[@#][\p{L}\p{N}_]+|\S+@\S+\.\S+`)

// outsideLinks applies a rule to a text whose untouchable parts are put aside meanwhile, each as one private-use
// character. A text that uses such characters itself is left alone.
func outsideLinks(text string, rule func(string) string) string {
	const base = 0xE000
	if strings.ContainsFunc(text, func(r rune) bool { return r >= base && r <= 0xF8FF }) || !utf8.ValidString(text) {
		return text
	}
	var aside []string
	masked := untouchable.ReplaceAllStringFunc(text, func(part string) string {
		if len(aside) > 0xF8FF-base {
			return part
		}
		aside = append(aside, part)
		return string(rune(base + len(aside) - 1)) //nolint:gosec // at most U+F8FF
	})
	var b strings.Builder
	for _, r := range rule(masked) {
		if i := int(r) - base; i >= 0 && i < len(aside) {
			b.WriteString(aside[i])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// substitution replaces a phrase, whatever the case of its first letter, which is kept.
type substitution struct {
	phrase *regexp.Regexp
	by     string
}

func substitutions(pairs ...string) []substitution {
	list := make([]substitution, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, substitution{regexp.MustCompile(`(?i)\b` + pairs[i] + `\b`), pairs[i+1]})
	}
	return list
}

func (s substitution) apply(text string) string {
	return s.phrase.ReplaceAllStringFunc(text, func(found string) string {
		first, _ := utf8.DecodeRuneInString(found)
		if s.by == "" || !unicode.IsUpper(first) {
			return s.by
		}
		lead, size := utf8.DecodeRuneInString(s.by)
		return string(unicode.ToUpper(lead)) + s.by[size:]
	})
}

func without(text string, list []substitution) string {
	for _, s := range list {
		text = s.apply(text)
	}
	return text
}

var wordy = substitutions(
	`in order to`, "to", `due to the fact that`, "because", `at this point in time`, "now", `in the event that`, "if",
	`a large number of`, "many", `the majority of`, "most", `with regard to`, "about", `in spite of the fact that`, "although",
	`has the ability to`, "can", `is able to`, "can", `are able to`, "can", `prior to`, "before", `subsequent to`, "after",
	`utilize`, "use", `utilizes`, "uses", `utilizing`, "using", `utilized`, "used", `leverage`, "use", `leverages`, "uses",
	`leveraging`, "using", `facilitate`, "help", `commence`, "begin", `terminate`, "end", `in close proximity to`, "near",
	`on a regular basis`, "regularly", `for the purpose of`, "for", `in the near future`, "soon", `take into consideration`, "consider",
)

func plainer(text string) string { return without(text, wordy) }

var fillers = substitutions(
	`(?:actually|basically|literally|honestly|simply|very|really|quite|just)[ \t]+`, "", `as a matter of fact,?[ \t]+`, "",
	`it is important to note that[ \t]+`, "", `needless to say,?[ \t]+`, "", `i think that[ \t]+`, "", `at the end of the day,?[ \t]+`, "",
)

var contractions = substitutions(
	`can['’]t`, "cannot", `won['’]t`, "will not", `don['’]t`, "do not", `doesn['’]t`, "does not", `didn['’]t`, "did not",
	`isn['’]t`, "is not", `aren['’]t`, "are not", `wasn['’]t`, "was not", `weren['’]t`, "were not", `haven['’]t`, "have not",
	`hasn['’]t`, "has not", `couldn['’]t`, "could not", `wouldn['’]t`, "would not", `shouldn['’]t`, "should not",
	`i['’]m`, "I am", `i['’]ve`, "I have", `i['’]ll`, "I will", `we['’]re`, "we are", `we['’]ve`, "we have", `we['’]ll`, "we will",
	`you['’]re`, "you are", `you['’]ve`, "you have", `you['’]ll`, "you will", `they['’]re`, "they are", `they['’]ve`, "they have",
	`gonna`, "going to", `wanna`, "want to", `kinda`, "somewhat", `awesome`, "excellent", `guys`, "everyone",
)

func expand(text string) string { return without(text, contractions) }

var (
	shouting   = regexp.MustCompile(`!+(\?+)?`)
	emojiRun   = regexp.MustCompile(`[ \t]*[\x{1F000}-\x{1FAFF}\x{2600}-\x{27BF}\x{FE0F}\x{200D}]+`)
	spaceRun   = regexp.MustCompile(`[ \t]{2,}`)
	spaceEnd   = regexp.MustCompile(`(?m)[ \t]+$`)
	sentence   = regexp.MustCompile(`[^.!?…]+(?:[.!?…]+|$)`)
	longBreak  = regexp.MustCompile(`, (and|but|so|because) `)
	blankLines = regexp.MustCompile(`\n{3,}`)
)

// calm takes the noise out: exclamation marks become full stops, emoji go.
func calm(text string) string {
	text = shouting.ReplaceAllStringFunc(text, func(marks string) string {
		if strings.Contains(marks, "?") {
			return "?"
		}
		return "."
	})
	return emojiRun.ReplaceAllString(text, "")
}

// tidy mends the spaces that removing words leaves, and starts the text with a capital again.
func tidy(text string) string {
	text = spaceEnd.ReplaceAllString(spaceRun.ReplaceAllString(text, " "), "")
	text = blankLines.ReplaceAllString(text, "\n\n")
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 || !unicode.IsLower(first) {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// longSentence is from how many words on a sentence is split at its first joint.
const longSentence = 22

// splitLong makes two sentences of one that is long and has a joint: ", and", ", but", ", so", ", because".
func splitLong(text string) string {
	return sentence.ReplaceAllStringFunc(text, func(s string) string {
		if len(strings.Fields(s)) < longSentence {
			return s
		}
		joint := longBreak.FindStringSubmatchIndex(s)
		if joint == nil {
			return s
		}
		rest := s[joint[1]:]
		if word := s[joint[2]:joint[3]]; word != "and" {
			rest = word + " " + rest
		}
		first, size := utf8.DecodeRuneInString(rest)
		return s[:joint[0]] + ". " + string(unicode.ToUpper(first)) + rest[size:]
	})
}

// closingQuestion invites an answer.
const closingQuestion = "What do you think?"

// engage gives the first sentence a paragraph of its own, where people decide whether to read on, and ends with a
// question if there is none.
func engage(text string) string {
	body := strings.TrimRight(text, " \t\n")
	if !strings.Contains(body, "\n") {
		if end := regexp.MustCompile(`[.!?…]+\s+`).FindStringIndex(body); end != nil && end[1] < len(body) {
			body = strings.TrimRight(body[:end[1]], " \t") + "\n\n" + body[end[1]:]
		}
	}
	if !strings.Contains(body, "?") {
		body += "\n\n" + closingQuestion
	}
	return body
}
