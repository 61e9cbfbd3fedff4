package linkedin

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/postwright/postwright/internal/fault"
)

// A refusal that says that the post is there already is told by words or codes, for which LinkedIn has several places and no
// fixed form (linkedin-facts, 5.2 and 5.4). The status is not always the 422 that is known best, so every refusal is read. With
// an earlier attempt in doubt, the post that LinkedIn names becomes ours: so nothing is taken for its words that may be the
// user's.

// duplicated is the cause of a refusal as a duplicate, with the post that LinkedIn names.
type duplicated struct{ of URN }

func (d duplicated) Error() string { return "duplicate of " + d.of.String() }

// refineDuplicate says that the post is there already, and which one that is, if LinkedIn names it beyond doubt.
func refineDuplicate(f *fault.Error, said []string, text string) {
	f.Reason = ReasonDuplicatePost
	urn, named := namedDuplicate(said, text)
	if !named {
		f.Message = "LinkedIn says that the same text was posted recently: change the text."
		return
	}
	f.Message = "LinkedIn says that the same text was posted recently as " + urn.String() + ": change the text."
	_ = f.WithCause(duplicated{of: urn})
}

// namedDuplicate is the one post that is named where LinkedIn speaks of the duplicate; failing that in its message, which is
// said first, and failing that anywhere.
func namedDuplicate(said []string, text string) (URN, bool) {
	var spoken, others []string
	for _, s := range said {
		if saysDuplicate(s) {
			spoken = append(spoken, s)
		} else {
			others = append(others, s)
		}
	}
	for _, place := range [][]string{spoken, said[:1], others} {
		var found []URN
		for _, s := range place {
			found = append(found, postsIn(s, text)...)
		}
		if slices.ContainsFunc(found, func(urn URN) bool { return urn != found[0] }) {
			return URN{}, false // which of them is not said
		}
		if len(found) > 0 {
			return found[0], true
		}
	}
	return URN{}, false
}

var (
	// duplicateURN finds a post's URN that stands by itself: neither part of another word, nor cut off where the message was.
	duplicateURN = regexp.MustCompile(`(?:^|[^0-9A-Za-z:])(urn:li:(?:share|ugcPost|activity):[0-9]+)(?:$|[^0-9A-Za-z:…_-])`)
	// duplicateOf finds the one of several that the others are duplicates of.
	duplicateOf = regexp.MustCompile(
		`(?i:duplicat[a-z]*)(?:[ :]+(?:of|with|the|an?|existing|share|post|content|ugc|ugcPost))*[ ` +
			`:('"]+(urn:li:(?:share|ugcPost|activity):[0-9]+)(?:$|[^0-9A-Za-z:…_-])`,
	)
)

// postsIn are the posts that a sentence names, or only the one that it says is duplicated. One that the text of the post names
// is the user's word, cut short or not.
func postsIn(s, text string) (named []URN) {
	found := duplicateOf.FindAllStringSubmatch(s, -1)
	if found == nil {
		found = duplicateURN.FindAllStringSubmatch(s, -1)
	}
	for _, match := range found {
		if urn, err := ParseURN(match[1]); err == nil && !strings.Contains(text, match[1]) {
			named = append(named, urn)
		}
	}
	return named
}

var (
	// postName is a post's name, which counts as the word "post". Only one that can't be read as such is left for the words.
	postName = regexp.MustCompile(`urn:li:(?:share|ugcPost|activity):[0-9]+`)
	// camel finds where the words of a name such as DuplicateUGCPostException meet.
	camel = regexp.MustCompile(`(\p{Ll}|\p{N})(\p{Lu})|(\p{Lu})(\p{Lu}\p{Ll})`)
	// clauseEnd keeps what is said of one thing from being read of another; within a name such as com.linkedin.content as well.
	clauseEnd = regexp.MustCompile(`[.;!?\n\r/]`)
	// posted is what the content of a post is called, duplicable what else can be there twice.
	posted     = regexp.MustCompile(`^(?i:posts?|posting|contents?|shares?|ugc|ugcposts?|commentary|text|updates?|submissions?)$`)
	duplicable = regexp.MustCompile(
		`^(?i:keys?|fields?|param|parameters?|values?|headers?|properties|property|elements?|entry|entries|items?|attributes?|names?|hashtags?|` +
			`tags?|mentions?|links?|urls?|media|images?|assets?|videos?|documents?|comments?|reactions?|likes?|votes?|accounts?|members?|authors?|` +
			`emails?|tokens?|codes?|records?|rows?|index|identifiers?)$`,
	)
)

// How far from the word the post may be spoken of: "the post was refused because it is a duplicate", "duplicate of an existing
// post".
const (
	wordsBefore = 7
	wordsAfter  = 4
)

// saysDuplicate reports whether a sentence or a code says that a post is there already. What it quotes must be taken out before.
func saysDuplicate(s string) bool {
	s = postName.ReplaceAllString(s, " post ")
	s = camel.ReplaceAllString(strings.ReplaceAll(s, "_", " "), "$1$3 $2$4")
	return slices.ContainsFunc(clauseEnd.Split(s, -1), func(clause string) bool {
		words := strings.FieldsFunc(clause, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
		if saysAlready(words) {
			return true
		}
		for i, word := range words {
			if len(word) < len("duplicat") || !strings.EqualFold(word[:len("duplicat")], "duplicat") {
				continue
			}
			before, after := words[max(0, i-wordsBefore):i], words[i+1:min(len(words), i+1+wordsAfter)]
			if len(after) > 0 && duplicable.MatchString(after[0]) || denied(before) || partOfMessage(after) {
				continue
			}
			ofPost := slices.ContainsFunc(before, posted.MatchString) || slices.ContainsFunc(after, posted.MatchString)
			if ofPost || bare(words, i) || len(after) > 0 && message.MatchString(after[0]) || areForbidden(words, i) {
				return true
			}
		}
		return false
	})
}

// bare reports whether a clause says of nothing in particular that it is a duplicate: as a code does that is this one word.
func bare(words []string, i int) bool {
	isOne := i > 1 && strings.EqualFold(words[i-2], "is") && strings.EqualFold(words[i-1], "a")
	detected := i+1 < len(words) && (strings.EqualFold(words[i+1], "detected") || strings.EqualFold(words[i+1], "found"))
	return len(words) == 1 || isOne || detected || words[i] == "DUPLICATE" || words[i] == "DUPLICATED"
}

var forbidden = regexp.MustCompile(`^(?i:duplicates (?:(?:are|were|is) )?(?:not |never )?` +
	`(?:allowed|permitted|accepted|supported|detected|found|forbidden|prohibited|rejected))\b`)

// areForbidden reports whether a clause says that duplicates are, without a word of what.
func areForbidden(words []string, i int) bool {
	return forbidden.MatchString(strings.Join(words[i:], " ")) && !slices.ContainsFunc(words, duplicable.MatchString)
}

// message is what LinkedIn may call a post. In front of the word it is the name of what holds LinkedIn's words.
var message = regexp.MustCompile(`^(?i:messages?)$`)

// partOfMessage reports whether what comes after the word is a part of a message, such as its key, and not all of it.
func partOfMessage(after []string) bool {
	return len(after) > 1 && message.MatchString(after[0]) && (duplicable.MatchString(after[1]) || identity.MatchString(after[1]))
}

var (
	// already finds that something was posted before, existing that it is there, and repeated that it would be twice.
	already = regexp.MustCompile(`(?i)\b(?:already|previously) (?:been )?(?:shared|posted|published|submitted)\b|` +
		`\b(?:shared|posted|published|submitted) (?:already|previously|before)\b`)
	existing = regexp.MustCompile(`(?i)\b(?:already exists?|exists? already)\b`)
	repeated = regexp.MustCompile(`(?i)\b(?:same|identical) (?:posts?|contents?|shares?|updates?|text|commentary|messages?)\b.*` +
		`\b(?:twice|again|repeatedly|already|before|recently|not allowed)\b`)
	// conditional finds that this is denied or demanded, and not said.
	conditional = regexp.MustCompile(`(?i)\b(?:not|never|nothing|must|should|only|unless|until|if|whether)\b`)
	// identity is what else is there already under a name of its own.
	identity = regexp.MustCompile(`^(?i:ids?|urns?|uuids?|hash)$`)
)

// saysAlready reports whether a clause says, without the word, that a post is there already.
func saysAlready(words []string) bool {
	clause := strings.Join(words, " ")
	if repeated.MatchString(clause) {
		return !slices.ContainsFunc(words, duplicable.MatchString)
	}
	said := already.FindStringIndex(clause)
	if said == nil {
		if said = existing.FindStringIndex(clause); said == nil || !slices.ContainsFunc(words, posted.MatchString) {
			return false
		}
	}
	return !conditional.MatchString(clause[:said[0]]) &&
		!slices.ContainsFunc(words, func(word string) bool { return duplicable.MatchString(word) || identity.MatchString(word) })
}

// denied reports whether what comes before the word says that there is no duplicate.
func denied(before []string) bool {
	n := len(before)
	return n > 0 && strings.EqualFold(before[n-1], "non") ||
		n > 1 && strings.EqualFold(before[n-2], "not") && strings.EqualFold(before[n-1], "a")
}

// quotation finds what stands in quotes, to the end where they are not closed. An apostrophe within a word is none.
var quotation = regexp.MustCompile("(^|[^\\pL\\pN_])(?:" +
	`'(?:[^']|'[\pL\pN_])*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|$)|` + "`[^`]*(?:`|$)" +
	`|“[^”]*(?:”|$)|„[^“”]*(?:[“”]|$)|«[^»]*(?:»|$)|‘(?:[^’]|’[\pL\pN_])*(?:’|$))`)

// withoutQuotations is what a refusal says itself. A post's name in quotes is left: that is how LinkedIn may write one.
func withoutQuotations(s string) string {
	return quotation.ReplaceAllStringFunc(s, func(quoted string) string {
		if name := postName.FindString(quoted); name != "" && len(quoted) <= len(name)+len(" “”") {
			return quoted
		}
		return " … "
	})
}

// withoutText takes the text of the post itself out of what a refusal says. One of a single word is nothing that could be
// mistaken for LinkedIn's.
func withoutText(s, text string) string {
	if len(strings.Fields(text)) < 2 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, text, " … "), escape(text), " … ")
}
