package analysis_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/analysis"
)

// promptHashes are those of PromptVersion. Who changes a prompt raises the version: what was stored under it must stay what it was.
var promptHashes = map[string]string{
	"brevity":           "1009bdcd78abf8661a42754a171e2ccaef97250869b8606c6a412a1efc438f53",
	"clarity":           "de5f476db050aab380c8a9051f6f09078028515bcf61f7f62cf47e56cf9bb5ce",
	"engagement":        "57b980b595c102d082a45d37a0149450b41d2973cd976c87ee58e5dc242a7335",
	"hashtags":          "551c709931c148e7335c851d94186689af33d3ae86796d863d92c87f071dd0c3",
	"professional_tone": "d1d5b5c27646ac66bc09f2e07ef6aa594e749ca5549ad39ecf024cb21a85aea0",
	"sentiment":         "4f722354499a6aa9708a68ec87149c0cb620eca3a9a421c9642f435cce020221",
}

func TestPromptsChangeWithTheirVersion(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1", analysis.PromptVersion)
	w := newWorld(t)
	engine, _ := w.llm(llmSettings())
	got := map[string]string{}
	_, model, err := engine.Sentiment(t.Context(), glad)
	require.NoError(t, err)
	got["sentiment"] = model.PromptHash
	_, model, err = engine.Hashtags(t.Context(), glad)
	require.NoError(t, err)
	got["hashtags"] = model.PromptHash
	for _, kind := range []string{analysis.ForEngagement, analysis.ForClarity, analysis.ForBrevity, analysis.ForProfessionalTone} {
		_, model, err = engine.Optimize(t.Context(), glad, kind)
		require.NoError(t, err)
		got[kind] = model.PromptHash
	}
	require.Equal(t, promptHashes, got, "a prompt has changed: raise PromptVersion, and write down its hashes here")
}
