package versions_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/versions"
)

// marked writes a diff as text: [-deleted-] and {+inserted+}.
func marked(parts []versions.Part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(map[string]string{versions.Keep: p.Text, versions.Delete: "[-" + p.Text + "-]", versions.Insert: "{+" + p.Text + "+}"}[p.Operation])
	}
	return b.String()
}

func TestADiffIsOfWholeWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, want string }{
		"a word":                 {"We shipped it.", "We shopped it.", "We [-shipped-]{+shopped+} it."},
		"a sign":                 {"We ship!", "We ship.", "We ship[-!-]{+.+}"},
		"an apostrophe":          {"We can't ship", "We cannot ship", "We [-can't-]{+cannot+} ship"},
		"an empty line":          {"One. Two.", "One.\n\nTwo.", "One.[- -]{+\n\n+}Two."},
		"marks stay with theirs": {"cafe\u0301 au lait", "cafe au lait", "[-cafe\u0301-]{+cafe+} au lait"},
		"nothing before":         {"", "New", "{+New+}"},
		"nothing after":          {"Old", "", "[-Old-]"},
		"nothing at all":         {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, marked(versions.Compare(c.from, c.to)))
		})
	}
}

func TestADiffHoldsBothTexts(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{"we", "ship", "it", " ", "  ", "\n", "!", "🎉", "👩‍💻", "e\u0301", "don't", "日本"})
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(word, 0, 60), func(w []string) string { return strings.Join(w, "") }))
	rapid.Check(t, func(t *rapid.T) {
		from, to := text.Draw(t, "from"), text.Draw(t, "to")
		parts := versions.Compare(from, to)
		var before, after strings.Builder
		for i, p := range parts {
			require.NotEmpty(t, p.Text)
			require.False(t, i > 0 && p.Operation == parts[i-1].Operation, "two parts that are one: %q", parts)
			if p.Operation != versions.Insert {
				before.WriteString(p.Text)
			}
			if p.Operation != versions.Delete {
				after.WriteString(p.Text)
			}
		}
		require.Equal(t, from, before.String())
		require.Equal(t, to, after.String())
		if from == to && from != "" {
			require.Equal(t, []versions.Part{{Operation: versions.Keep, Text: from}}, parts)
		}
	})
}

// A text with more words than there are characters below UTF-16's surrogates has them all back.
func TestADiffOfVeryManyWords(t *testing.T) {
	t.Parallel()
	var from strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&from, "w%d,", i)
	}
	to := from.String() + "end"
	require.Equal(t, []versions.Part{{Operation: versions.Keep, Text: from.String()}, {Operation: versions.Insert, Text: "end"}},
		versions.Compare(from.String(), to))
}

// Two texts of 10,000 characters that have all their words in common and none at its place are the hardest.
func TestADiffOfLongTextsTakesItsTime(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 5000)
	for i := range words {
		words[i] = string(rune('a' + random.IntN(26)))
	}
	from := strings.Join(words, " ")
	random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	began := time.Now()
	parts := versions.Compare(from, strings.Join(words, " "))
	took := time.Since(began)
	t.Log(len(parts), "parts in", took)
	require.Less(t, took, 20*time.Second, "a second is given; the rest is for a busy machine")
}
