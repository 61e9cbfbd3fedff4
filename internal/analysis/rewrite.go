package analysis

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/text"
)

// ReasonUnfaithful marks the fault of a rewritten text that says something else than the text did.
const ReasonUnfaithful = "UNFAITHFUL_REWRITE"

// readRewrite takes a rewritten text that is still the same in all that a machine can tell.
func readRewrite(object []byte, p prompt, content, kind string) (string, error) {
	var found struct {
		Optimized *string `json:"optimized"`
	}
	if json.Unmarshal(object, &found) != nil || found.Optimized == nil {
		return "", errWrongSchema
	}
	optimized := strings.TrimSpace(strings.ReplaceAll(*found.Optimized, "\r\n", "\n"))
	switch {
	case !text.Visible(optimized):
		return "", errors.New("its text is empty")
	case hides(optimized, content):
		return "", errors.New("its text has characters that a reader does not see")
	case p.leaksInto(optimized, content):
		return "", errors.New("it speaks of what it was told instead of the text")
	}
	if problem := unfaithful(optimized, content, kind); problem != "" {
		return "", fault.New(fault.VendorUnavailable, "The language model's text is refused: it "+problem+".").WithReason(ReasonUnfaithful)
	}
	return optimized, nil
}

// hides reports whether a text has characters that show nothing, or change the direction of writing, that the original has not. What
// joins emoji, or chooses how one is drawn, is seen.
func hides(optimized, original string) bool {
	var before rune
	for _, r := range optimized {
		hidden := text.Unseen(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
		ofEmoji := (r == '\u200d' || r == '\ufe0f') && (unicode.In(before, unicode.So, unicode.Sk) || before == '\ufe0f')
		if hidden && !ofEmoji && !strings.ContainsRune(original, r) {
			return true
		}
		before = r
	}
	return false
}

// unfaithful says what is wrong with a rewritten text, "" where nothing is. What the original lost is quoted, for it is the
// caller's; what was added is not.
func unfaithful(optimized, original, kind string) string {
	before, after := factsOf(original), factsOf(optimized)
	for i, sort := range factSorts {
		if lost := missing(before.sorts[i], after.sorts[i]); lost != "" {
			return fmt.Sprintf("lost the %s %q", sort.name, fault.Clip(lost, 60))
		}
		if missing(after.sorts[i], before.sorts[i]) != "" {
			return "added a " + sort.name
		}
	}
	if lost := missing(before.numbers, after.numbers); lost != "" {
		return fmt.Sprintf("lost the number %q", fault.Clip(lost, 60))
	}
	if missing(after.numbers, before.numbers) != "" {
		return "added a number"
	}
	for _, name := range before.names {
		if !after.words[text.Fold(name)] {
			return fmt.Sprintf("lost the name %q", fault.Clip(name, 60))
		}
	}
	long, was := posts.UTF16Units(optimized), posts.UTF16Units(original)
	switch {
	case kind == ForBrevity && utf8.RuneCountInString(optimized) > utf8.RuneCountInString(strings.TrimSpace(original)):
		return "is longer, and should be shorter"
	case long > posts.MaxTextUnits && was <= posts.MaxTextUnits:
		return "is too long for a post"
	case long > 2*was+300:
		return "is far longer than the original"
	case !related(optimized, original):
		return "has nothing to do with the original"
	}
	return ""
}

// least is the share of the words of each text that must be in the other for one to be the other's.
const least = 0.25

// related reports whether two texts speak of the same, by their longer words. Of a text with few of them nobody can tell.
func related(a, b string) bool {
	ofA, ofB := newWording(a).longer(), newWording(b).longer()
	const few = 4
	if len(ofB) < few {
		return true
	}
	shared := 0.0
	for word := range ofB {
		if ofA[word] {
			shared++
		}
	}
	return shared >= least*float64(len(ofB)) && shared >= least*float64(len(ofA))
}
