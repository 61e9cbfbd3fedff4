package posts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/posts"
)

func TestEveryFaultOfADraftIsNamed(t *testing.T) {
	t.Parallel()
	tags := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("tag%d", i)
		}
		return list
	}
	for name, c := range map[string]struct {
		draft posts.Draft
		want  []string
	}{
		"one letter":                      {posts.Draft{Content: "a"}, []string{}},
		"empty":                           {posts.Draft{}, []string{"p.content"}},
		"blank":                           {posts.Draft{Content: " \t\n\u00a0\u3000"}, []string{"p.content"}},
		"nothing that shows":              {posts.Draft{Content: "\u200b\u200b"}, []string{"p.content"}},
		"letters that are blank":          {posts.Draft{Content: "\u3164"}, []string{"p.content"}},
		"the rest of a keycap as hashtag": {posts.Draft{Content: "a", Hashtags: []string{"\u20e3Follow"}}, []string{"p.hashtags[0]"}},
		"joiners within hashtags":         {posts.Draft{Content: "a", Hashtags: []string{"ශ්\u200dරීලංකා", "نرم\u200cافزار"}}, []string{}},
		"a hashtag in two spellings":      {posts.Draft{Content: "a", Hashtags: []string{"cafe\u0301", "café"}}, []string{"p.hashtags[1]"}},
		"a hashtag that nobody sees":      {posts.Draft{Content: "a", Hashtags: []string{"\u3164"}}, []string{"p.hashtags[0]"}},
		"3,000 letters":                   {posts.Draft{Content: strings.Repeat("é", 3000)}, []string{}},
		"3,001 letters":                   {posts.Draft{Content: strings.Repeat("é", 3001)}, []string{"p.content"}},
		"1,500 emoji, 3,000 units":        {posts.Draft{Content: strings.Repeat("🎉", 1500)}, []string{}},
		"1,500 emoji and a letter":        {posts.Draft{Content: strings.Repeat("🎉", 1500) + "a"}, []string{"p.content"}},
		"3,000 units with a hashtag":      {posts.Draft{Content: strings.Repeat("a", 2995), Hashtags: []string{"go"}}, []string{}},
		"3,001 units with a hashtag":      {posts.Draft{Content: strings.Repeat("a", 2996), Hashtags: []string{"go"}}, []string{"p.content"}},
		"3,000 units, hashtag written":    {posts.Draft{Content: strings.Repeat("a", 2996) + " #Go", Hashtags: []string{"go"}}, []string{}},
		"NUL in the content":              {posts.Draft{Content: "a\x00b"}, []string{"p.content"}},
		"invalid UTF-8 in the content":    {posts.Draft{Content: "a\xffb"}, []string{"p.content"}},
		"audience of 500":                 {posts.Draft{Content: "a", TargetAudience: strings.Repeat("🎉", 500)}, []string{}},
		"audience of 501":                 {posts.Draft{Content: "a", TargetAudience: strings.Repeat("a", 501)}, []string{"p.targetAudience"}},
		"NUL in the audience":             {posts.Draft{Content: "a", TargetAudience: "\x00"}, []string{"p.targetAudience"}},
		"invalid UTF-8 in the audience":   {posts.Draft{Content: "a", TargetAudience: "\xff"}, []string{"p.targetAudience"}},
		"30 hashtags":                     {posts.Draft{Content: "a", Hashtags: tags(30)}, []string{}},
		"31 hashtags":                     {posts.Draft{Content: "a", Hashtags: tags(31)}, []string{"p.hashtags"}},
		"hashtags of many scripts":        {posts.Draft{Content: "a", Hashtags: []string{"Go_1", "1st", "日本", "größe", "हिन्दी"}}, []string{}},
		"hashtag of 100":                  {posts.Draft{Content: "a", Hashtags: []string{strings.Repeat("é", 100)}}, []string{}},
		"hashtag of 101":                  {posts.Draft{Content: "a", Hashtags: []string{strings.Repeat("a", 101)}}, []string{"p.hashtags[0]"}},
		"hashtag without a letter": {posts.Draft{Content: "a", Hashtags: []string{"2026", "_", "\u0301"}},
			[]string{"p.hashtags[0]", "p.hashtags[1]", "p.hashtags[2]"}},
		"hashtag with #, blank, dash": {posts.Draft{Content: "a", Hashtags: []string{"#go", "a b", "ok", "a-b"}},
			[]string{"p.hashtags[0]", "p.hashtags[1]", "p.hashtags[3]"}},
		"empty hashtag, NUL, line, broken": {posts.Draft{Content: "a", Hashtags: []string{"", "a\x00", "a\n", "a\xff"}},
			[]string{"p.hashtags[0]", "p.hashtags[1]", "p.hashtags[2]", "p.hashtags[3]"}},
		"hashtag twice, whatever its case": {posts.Draft{Content: "a", Hashtags: []string{"Go", "ok", "gO"}}, []string{"p.hashtags[2]"}},
		"everything at once": {
			posts.Draft{Content: " ", TargetAudience: "\x00", Hashtags: append(tags(30), "tag3", "no way")},
			[]string{"p.content", "p.targetAudience", "p.hashtags"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := c.draft.Faults("p.")
			require.Equal(t, c.want, paths(found))
			for _, f := range found {
				require.NotEmpty(t, f.Problem)
			}
		})
	}
}

func TestAnOverlongTextIsToldByHowMuch(t *testing.T) {
	t.Parallel()
	found := posts.Draft{Content: strings.Repeat("🎉", 1501), Hashtags: []string{"go"}}.Faults("")
	require.Len(t, found, 1)
	require.Equal(t, "has 3007 UTF-16 units with its hashtags and may have at most 3000 (an emoji counts two or more): shorten it by 7",
		found[0].Problem)
}

func TestHashtagsThatTheContentLacksAreAddedAtItsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content  string
		hashtags []string
		want     string
	}{
		"none":                          {"Hello", nil, "Hello"},
		"both":                          {"Hello", []string{"go", "sql"}, "Hello\n\n#go #sql"},
		"one is written, in other case": {"Hello #GO", []string{"go", "sql"}, "Hello #GO\n\n#sql"},
		"all are written":               {"#go, (#sql)", []string{"sql", "go"}, "#go, (#sql)"},
		"written as part of a longer":   {"Hello #golang", []string{"go"}, "Hello #golang\n\n#go"},
		"written without #":             {"Hello go", []string{"go"}, "Hello go\n\n#go"},
		"inside a word is no hashtag":   {"C#minor", []string{"minor"}, "C#minor\n\n#minor"},
		"inside an address is none":     {"https://go.dev/#top ?a=#b", []string{"top", "b"}, "https://go.dev/#top ?a=#b\n\n#top #b"},
		"a letter with a mark is other": {"#cafe\u0301", []string{"cafe"}, "#cafe\u0301\n\n#cafe"},
		"side by side are one":          {"#go#sql", []string{"go", "sql"}, "#go#sql\n\n#sql"},
		"written with other accents":    {"#cafe\u0301", []string{"café"}, "#cafe\u0301"},
		"written in full width":         {"＃東京 #ＧＯ", []string{"東京", "go"}, "＃東京 #ＧＯ"},
		"a keycap is no hashtag":        {"#\ufe0f\u20e3", []string{"go"}, "#\ufe0f\u20e3\n\n#go"},
		"content that ends in #":        {"Number #", []string{"go"}, "Number #\n\n#go"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, posts.Compose(c.content, c.hashtags))
			require.Equal(t, c.want, posts.Post{Content: c.content, Hashtags: c.hashtags}.Text())
		})
	}
}

// The laws of Compose: the content comes first and unchanged, each hashtag is in what follows at most once and somewhere at
// least once, and composing again changes nothing.
func TestComposing(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[A-Za-zéßİσΣ日_0-9]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		content := strings.Join(rapid.SliceOf(rapid.OneOf(
			word, rapid.Map(word, func(w string) string { return "#" + w }), rapid.SampledFrom([]string{" ", "\n", "#", "/", "&", "🎉", "."}),
			rapid.String(),
		)).Draw(t, "content"), "")
		hashtags := rapid.SliceOfNDistinct(word.Filter(func(w string) bool {
			return len(posts.Draft{Content: "-", Hashtags: []string{w}}.Faults("")) == 0
		}), 0, 6, strings.ToLower).Draw(t, "hashtags")

		text := posts.Compose(content, hashtags)

		added, begins := strings.CutPrefix(text, content)
		require.True(t, begins)
		addedTags := strings.Fields(strings.TrimPrefix(added, "\n\n"))
		for _, tag := range hashtags {
			times := 0
			for _, a := range addedTags {
				if a == "#"+tag {
					times++
				}
			}
			if times == 0 {
				require.Contains(t, strings.ToLower(content), "#"+strings.ToLower(tag))
			} else {
				require.Equal(t, 1, times)
			}
		}
		for _, a := range addedTags {
			require.True(t, slices.Contains(hashtags, strings.TrimPrefix(a, "#")), a)
		}
		require.Equal(t, text, posts.Compose(text, hashtags))
	})
}

func TestLengthIsThatOfUTF16(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		require.Equal(t, len(utf16.Encode([]rune(text))), posts.UTF16Units(text))
	})
	require.Equal(t, 3, posts.UTF16Units("a\xffb"))
	require.Equal(t, 11, posts.UTF16Units("👨‍👩‍👧‍👦"))
}

func TestAPostRestsWhenOnlyAPersonMovesItOn(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{
		posts.StateDraft: true, posts.StateScheduled: false, posts.StateQueued: false, posts.StatePublishing: false,
		posts.StatePublished: true, posts.StateFailed: true, posts.StateUnconfirmed: true,
	} {
		require.Equal(t, want, posts.Post{State: state}.Rests(), state)
	}
}

func TestThePermalinkIsKnownOnceLinkedInHasNamedThePost(t *testing.T) {
	t.Parallel()
	require.Empty(t, posts.Post{}.Permalink())
	require.Equal(t, "https://www.linkedin.com/feed/update/urn:li:share:7", posts.Post{LinkedInURN: "urn:li:share:7"}.Permalink())
}
