package lexical_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/lexical"
)

var kinds = []string{"engagement", "clarity", "brevity", "professional_tone"}

func TestOptimize(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, text, want string }{
		"engagement: a hook and a question": {"engagement", "We shipped it. It took a year.", "We shipped it.\n\nIt took a year.\n\nWhat do you think?"},
		"engagement: a question is enough":  {"engagement", "We shipped it.\nWho is next?", "We shipped it.\nWho is next?"},
		"engagement: not after a title":     {"engagement", "Thanks to Dr. Okoye. What a week?", "Thanks to Dr. Okoye.\n\nWhat a week?"},
		"engagement: a mark in an address":  {"engagement", "See https://example.com/?q=1", "See https://example.com/?q=1\n\nWhat do you think?"},
		"engagement: nothing to engage":     {"engagement", " \n", " \n"},

		"clarity: plain words":        {"clarity", "In order to grow we utilize tests.", "To grow we use tests."},
		"clarity: an address is none": {"clarity", "Read utilize.com and @utilize #utilize", "Read utilize.com and @utilize #utilize"},
		"clarity: a long sentence": {"clarity",
			"Last spring our whole team sat down in one room for a week to plan the product, and we found that nobody agreed, but it was worth it.",
			"Last spring our whole team sat down in one room for a week to plan the product. We found that nobody agreed, but it was worth it."},
		"clarity: a list stays a list": {"clarity",
			"Our market stall in the old town sells every Saturday from eight in the morning until noon fresh apples, late pears, and plums from the " +
				"valley.",
			"Our market stall in the old town sells every Saturday from eight in the morning until noon fresh apples, late pears, and plums from the " +
				"valley."},
		"clarity: short sentences stay": {"clarity", "It rained, and we stayed.", "It rained, and we stayed."},

		"brevity: fillers go":          {"brevity", "We really just wanted to actually ship.", "We wanted to ship."},
		"brevity: the next word leads": {"brevity", "It works. Basically it always did.", "It works. It always did."},
		"brevity: not just means something": {"brevity", "It's not just a tool, and isn’t really cheap.",
			"It's not just a tool, and isn’t really cheap."},
		"brevity: fillers inside a phrase": {"brevity", "in really order to win", "To win"},
		"brevity: something is left":       {"brevity", "Actually ", "Actually "},

		"tone: calm and spelled out":     {"professional_tone", "I can't wait, guys!!! 🎉🎉", "I cannot wait, everyone."},
		"tone: a question stays one":     {"professional_tone", "Really?! You won't?!?", "Really? You will not?"},
		"tone: emoji between words":      {"professional_tone", "🚀 Launch😀day 🎉.\n✅ Done", "Launch day.\nDone"},
		"tone: hashtags stay apart":      {"professional_tone", "#go😀lang #go 😀.", "#go lang #go ."},
		"tone: joiners of other scripts": {"professional_tone", "क्\u200dष here", "क्\u200dष here"},
		"brevity: hashtags with joiners": {"brevity", "#نرم\u200c\u200cvery x really", "#نرم\u200c\u200cvery x really"},
		"tone: a known name's mark": {"professional_tone", "Yahoo! hired us! We love Yahoo!! Do you, Yahoo!?",
			"Yahoo! hired us. We love Yahoo!. Do you, Yahoo!?"},
		"tone: a name that a sentence goes on after": {"professional_tone", "Great news! We joined Acme! as partners. Thank you, Acme!",
			"Great news. We joined Acme! as partners. Thank you, Acme!"},
		"tone: what is put to a name": {"professional_tone", "The Acme!'s and Bcme!-based, so Ccme!, Go!",
			"The Acme!'s and Bcme!-based, so Ccme!, Go."},
		"tone: a loud word is no name":        {"professional_tone", "I am SO HAPPY! and we won", "I am SO HAPPY. and we won"},
		"tone: what may be an address":        {"professional_tone", "It is at x🎉.Yahoo! now", "It is at x.Yahoo. now"},
		"tone: a sentence that begins small":  {"professional_tone", "Wow! what a day. We did it! and how!", "Wow. what a day. We did it. and how."},
		"tone: a name that shouts at the end": {"professional_tone", "We are in Berlin! Come to Berlin!", "We are in Berlin. Come to Berlin."},
		"tone: only emoji":                    {"professional_tone", "🎉🎉", "🎉🎉"},

		"private-use characters: left alone": {"brevity", "really \uE000 very", "really \uE000 very"},
		"not UTF-8: left alone":              {"brevity", "really \xff very", "really \xff very"},
		"more addresses than there is room for: left alone": {"brevity",
			strings.Repeat("#a ", 6401) + "really long", strings.Repeat("#a ", 6401) + "really long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, known := lexical.Optimize(c.text, c.kind)
			require.True(t, known)
			require.Equal(t, c.want, got)
		})
	}

	t.Run("unknown kind", func(t *testing.T) {
		t.Parallel()
		got, known := lexical.Optimize("text", "virality")
		require.False(t, known)
		require.Empty(t, got)
	})
}

// prose draws texts of the words that the rules look for, between words, marks, addresses and emoji that they don't.
func prose() *rapid.Generator[string] {
	word := rapid.SampledFrom([]string{
		"really", "Just", "Yahoo!", "Acme!", "Acme!, and", "basically", "not", "don't", "can’t", "gonna", "in order to",
		"due to the fact that", "utilize", "Leverage",
		"i think that", "needless to say,", "team", "launch", "open source", "Dr.", "the", ", and we", ", but it", "over 3.5 percent",
		"https://example.com/a?b=c#d", "http://x.io", "www.example.org/just", "really.com", "sam@example.org", "@carla", "@just_sam", "#launch",
		"#größe", "#really", "🎉", "✅", "👩‍💻", "ß", "…", "!", "!!!", "?!", ".", "?", "(", ")", "'",
	})
	separator := rapid.SampledFrom([]string{" ", " ", " ", " ", "", "  ", "\n", "\n\n", "\n\n\n", ". ", "\t"})
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 25).Draw(t, "words") {
			b.WriteString(word.Draw(t, "word"))
			b.WriteString(separator.Draw(t, "separator"))
		}
		return b.String()
	})
}

func units(text string) int { return len(utf16.Encode([]rune(text))) }

// fixed are the parts of a text that must survive: addresses, then mentions and hashtags outside of them.
func fixed(text string) (parts []string) {
	address := regexp.MustCompile(`https?://\S+`)
	parts = address.FindAllString(text, -1)
	return append(parts, regexp.MustCompile(`[@#][\p{L}\p{M}\p{N}_]+`).FindAllString(address.ReplaceAllString(text, " "), -1)...)
}

func TestOptimizeKeepsAddressesMentionsAndHashtags(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				text := rapid.OneOf(prose(), rapid.String()).Draw(t, "text")
				got, _ := lexical.Optimize(text, kind)
				require.Equal(t, fixed(text), fixed(got))
			})
		})
	}
}

func TestOptimizeStaysWithinLinkedInsLimit(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				text := prose().Draw(t, "text")
				// Filled up to just below the limit, where every character that a rule adds counts.
				if room := 3000 - units(text) - rapid.IntRange(0, 30).Draw(t, "room"); room > 0 {
					text += strings.Repeat("x", room)
				}
				got, _ := lexical.Optimize(text, kind)
				if units(text) <= 3000 {
					require.LessOrEqual(t, units(got), 3000)
				}
			})
		})
	}
}

func TestOptimizeIsDoneOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				text := prose().Draw(t, "text")
				once, _ := lexical.Optimize(text, kind)
				same, _ := lexical.Optimize(text, kind)
				require.Equal(t, once, same, "the same text gives the same answer")
				twice, _ := lexical.Optimize(once, kind)
				require.Equal(t, once, twice, "a text that was optimised has nothing left to optimise")
			})
		})
	}
}

func TestBrevityNeverAddsToAText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(prose(), rapid.String()).Draw(t, "text")
		got, _ := lexical.Optimize(text, "brevity")
		require.LessOrEqual(t, units(got), units(text))
	})
}
