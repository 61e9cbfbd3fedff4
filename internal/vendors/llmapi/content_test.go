package llmapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/vendors/llmapi"
)

func TestTheObjectIsFoundWhereverAModelPutsIt(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"alone":                    good,
		"with blanks":              "\n\t " + good + " \n",
		"after words":              "Sure! Here it is: " + good,
		"after words with braces":  "In {curly} braces {as you {said}}: " + good + " {done}",
		"in a fence":               "```json\n" + good + "\n```",
		"in a fence without a tag": "```\n" + good + "\n```\nAnything else?",
		"after a thought":          `<think>{"label":"negative","score":-1}? No.</think>` + good,
		"twice the same":           good + "\nTo repeat: " + good,
		"after another object":     `{"note":"thinking"} ` + good,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object, err := llmapi.Object(content, "label", "score")
			require.NoError(t, err)
			require.JSONEq(t, good, string(object))
		})
	}
	more, err := llmapi.Object(`{"label":"positive","score":1,"why":{"because":"it is"}}`, "label", "score")
	require.NoError(t, err)
	require.Contains(t, string(more), "because")
}

func TestNoObjectIsTakenForOne(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"nothing": "", "prose": "positive", "a list": `["label","score"]`, "another": `{"a":1}`, "a member too few": `{"label":"positive"}`,
		"two that differ":   good + `{"label":"negative","score":-1}`,
		"within another":    `{"answer":` + good + `}`,
		"broken off":        good[:len(good)-1],
		"in single quotes":  `{'label':'positive','score':1}`,
		"a thousand braces": strings.Repeat("{", 10_000) + good,
		"ten thousand deep": strings.Repeat(`{"a":`, 10_000) + good,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := llmapi.Object(content, "label", "score")
			require.Error(t, err)
		})
	}
}

// Whatever a model says, what is found stands in it, is an object, and has what was asked for.
func TestWhatIsFoundInAnyText(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		"{", "}", `"label"`, `"score"`, ":", ",", "1", `"positive"`, "```", "json", "</think>", "[", "]",
		" ", "\n", `\`, good,
	})
	rapid.Check(t, func(t *rapid.T) {
		content := strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "content"), "")
		object, err := llmapi.Object(content, "label", "score")
		if err != nil {
			return
		}
		require.Contains(t, content, string(object))
		var members map[string]any
		require.NoError(t, json.Unmarshal(object, &members))
		require.Contains(t, members, "label")
		require.Contains(t, members, "score")
	})
}
