package lexical_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/lexical"
)

func TestHashtags(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		tags []string
	}{
		"a phrase before a word":             {"We like open source and we like coffee.", []string{"OpenSource", "Coffee"}},
		"a word in many phrases weighs more": {"Go tooling. Rust. Tooling for Go tooling!", []string{"Tooling", "Rust"}},
		"the same phrase counts once":        {"Open source. OPEN SOURCE. open-source.", []string{"OpenSource"}},
		"a long run gives its words": {"Kubernetes cluster autoscaling reduces invoices",
			[]string{"Kubernetes", "Cluster", "Autoscaling", "Reduces", "Invoices"}},
		"addresses and people are no topic": {"Ask @carla or sam@example.org, see https://example.com/pricing about budgets",
			[]string{"Budgets"}},
		"hashtags of the text come back": {"Join us #remotework", []string{"Remotework"}},
		"capitals of its own":            {"We moved our API from MySQL to PostgreSQL. AMAZING.", []string{"API", "MySQL", "PostgreSQL", "Amazing"}},
		"a possessive":                   {"the team’s roadmap", []string{"TeamsRoadmap"}},
		"another alphabet with marks":    {"हिन्दी, भाषा", []string{"हिन्दी", "भाषा"}},
		"joiners within words":           {"نرم\u200cافزار, ශ්\u200d\u200dරීලංකා", []string{"نرم\u200cافزار", "ශ්\u200d\u200dරීලංකා"}},
		"selectors within words": {"\u845b\U000e0100\u98fe\u533a, \u182e\u1823\u1829\u180b\u182d\u180e\u1820",
			[]string{"\u845b\U000e0100\u98fe\u533a", "\u182e\u1823\u1829\u180b\u182d\u180e\u1820"}},
		"a selector at the end":         {"abc\ufe0f", []string{"Abc"}},
		"a keycap is no part of a word": {"abc1\ufe0f\u20e3 2\ufe0f\u20e3", []string{"Abc"}},
		"only stop words":               {"It is what it is, and that was that.", []string{}},
		"numbers alone":                 {"2026, 1000", []string{}},
		"nothing":                       {"", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.tags, lexical.Hashtags(c.text))
		})
	}
}

var tagForm = regexp.MustCompile(`^[\p{L}\p{N}](?:[\x{200c}\x{200d}\x{180e}]*[\p{L}\p{Mn}\p{Mc}\p{N}])*$`)

func TestHashtagsOfAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(prose(), rapid.String()).Draw(t, "text")
		tags := lexical.Hashtags(text)
		require.NotNil(t, tags, "an empty list, never null")
		require.LessOrEqual(t, len(tags), 10)
		seen := map[string]bool{}
		for _, tag := range tags {
			require.Regexp(t, tagForm, tag)
			require.LessOrEqual(t, utf8.RuneCountInString(tag), 30)
			require.False(t, seen[strings.ToLower(tag)], "%s twice", tag)
			seen[strings.ToLower(tag)] = true
		}
		require.Equal(t, tags, lexical.Hashtags(text), "the same text has the same tags")
	})
}
