package lexical_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/lexical"
)

func TestSentiment(t *testing.T) {
	t.Parallel()
	lexicon := lexical.New()
	for name, c := range map[string]struct{ text, label string }{
		"praise":                   {"I love this wonderful team, what a great launch!", "positive"},
		"complaint":                {"This release is a terrible, broken disaster.", "negative"},
		"a plain fact":             {"The meeting is on Tuesday at ten.", "neutral"},
		"negation turns praise":    {"The new editor is not good.", "negative"},
		"but outweighs what leads": {"The food was good, but the service was horrible and awful.", "negative"},
		"no words at all":          {"42 — 17", "neutral"},
		"only spaces":              {"  \n\t ", "neutral"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			label, score := lexicon.Sentiment(c.text)
			require.Equal(t, c.label, label, "score %v", score)
			require.GreaterOrEqual(t, score, -1.0)
			require.LessOrEqual(t, score, 1.0)
		})
	}

	t.Run("stress says more", func(t *testing.T) {
		t.Parallel()
		_, calm := lexicon.Sentiment("The launch was good.")
		_, loud := lexicon.Sentiment("The launch was VERY good!!!")
		require.Greater(t, loud, calm)
	})
}

// The label follows from the score, and the score is a number: anything else could not leave as JSON.
func FuzzSentiment(f *testing.F) {
	for _, seed := range []string{"", " ", "good", "not bad!", ":)", "💔", "\x00", "\xff", "a-b'c", "!!!???", "http://x", "GOOD bad"} {
		f.Add(seed)
	}
	lexicon := lexical.New()
	f.Fuzz(func(t *testing.T, text string) {
		label, score := lexicon.Sentiment(text)
		require.False(t, math.IsNaN(score) || score < -1 || score > 1, "score %v", score)
		switch label {
		case "positive":
			require.GreaterOrEqual(t, score, 0.05)
		case "negative":
			require.LessOrEqual(t, score, -0.05)
		default:
			require.Equal(t, "neutral", label)
			require.Less(t, math.Abs(score), 0.05)
		}
	})
}
