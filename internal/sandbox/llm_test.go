package sandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

// chat asks the sandbox's model, and returns its one choice and what it took.
func (w *world) chat(t *testing.T, system, user string, more map[string]any) (choice map[string]any, usage map[string]any) {
	t.Helper()
	request := map[string]any{"model": sandbox.LLMModel, "messages": []any{
		map[string]any{"role": "system", "content": system}, map[string]any{"role": "user", "content": user},
	}}
	for name, value := range more {
		request[name] = value
	}
	body, err := json.Marshal(request)
	require.NoError(t, err)
	got := w.call(t, "POST", "/v1/chat/completions", string(body))
	require.Equal(t, http.StatusOK, got.status, got.body)
	answer := got.json(t)
	choices := answer["choices"].([]any)
	require.Len(t, choices, 1)
	return choices[0].(map[string]any), answer["usage"].(map[string]any)
}

func content(choice map[string]any) string {
	return choice["message"].(map[string]any)["content"].(string)
}

func TestTheModelComputesItsAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct{ system, user, want string }{
		"hashtags":          {"Be kind.\nTask: hashtags\nThanks.", "We like open source and coffee.", `{"hashtags":["OpenSource","Coffee"]}`},
		"a quoted text":     {"Task: hashtags", `{"text":"We like open source and coffee."}`, `{"hashtags":["OpenSource","Coffee"]}`},
		"rewriting":         {"Task: brevity", "We really just ship.", `{"optimized":"We ship."}`},
		"a task of another": {"Task: poetry", "Roses", "I do not know the task poetry."},
		"no task":           {"You are a pirate.", "Hello", `I know no more than a few tasks, which I am told after "Task:".`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			choice, usage := w.chat(t, c.system, c.user, nil)
			require.Equal(t, c.want, content(choice))
			require.Equal(t, "stop", choice["finish_reason"])
			require.InDelta(t, (len(c.want)+3)/4, usage["completion_tokens"], 0)
			require.InDelta(t, (len(c.system)+3)/4+(len(c.user)+3)/4, usage["prompt_tokens"], 0)
		})
	}
	choice, _ := w.chat(t, "Task: sentiment", "What a great, wonderful day!", nil)
	var found struct {
		Label string
		Score float64
	}
	require.NoError(t, json.Unmarshal([]byte(content(choice)), &found))
	require.Equal(t, "positive", found.Label)
	require.Greater(t, found.Score, 0.5)
	for _, limit := range []string{"max_tokens", "max_completion_tokens"} {
		choice, usage := w.chat(t, "Task: hashtags", "We like open source and coffee.", map[string]any{limit: 3})
		require.Equal(t, "length", choice["finish_reason"])
		require.Equal(t, `{"hashtags":`, content(choice))
		require.InDelta(t, 3, usage["completion_tokens"], 0)
	}
}

func TestTheModelsServerKnowsOneModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.JSONEq(t, `{"data":[{"id":"sandbox"}]}`, w.call(t, "GET", "/v1/models", "").body)
	got := w.call(t, "POST", "/v1/chat/completions", `{"model":"gpt-4","messages":[{"role":"user","content":"x"}]}`)
	require.Equal(t, http.StatusNotFound, got.status)
	require.Equal(t, "model_not_found", plainCode(got.json(t)))
	got = w.call(t, "POST", "/v1/chat/completions", `{"model":"sandbox","messages":[]}`)
	require.Equal(t, http.StatusBadRequest, got.status)
}

func TestFaultsOfAModelAlone(t *testing.T) {
	t.Parallel()
	arm := func(t *testing.T, mode, value string) *world {
		t.Helper()
		w := newWorld(t)
		require.NoError(t, w.box.Arm(sandbox.Fault{Vendor: "llm", Operation: "createChatCompletion", Mode: mode, Value: value}))
		return w
	}
	const system, user = "Task: hashtags", "We like open source and coffee."
	for mode, want := range map[string]string{
		sandbox.BrokenJSON: `{"finish_reason":"stop","message":{"role":"assistant","content":"{\"hashtags\":[\"OpenSource\",\"Coffee\"]"}}`,
		sandbox.Refusal:    `{"finish_reason":"stop","message":{"role":"assistant","content":null,"refusal":"I'm sorry, but I can't help with that."}}`,
		sandbox.Filtered:   `{"finish_reason":"content_filter","message":{"role":"assistant","content":""}}`,
		sandbox.Truncated:  `{"finish_reason":"length","message":{"role":"assistant","content":"{\"hashtags\":[\"Open"}}`,
		sandbox.WrongSchema: `{"finish_reason":"stop","message":{"role":"assistant",
			"content":"{\"hashtags\":{\"value\":[\"OpenSource\",\"Coffee\"]}}"}}`,
		sandbox.ToolsWanted: `{"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[
			{"id":"call_1","type":"function","function":{"name":"web_search","arguments":"{\"query\":\"postwright\"}"}}]}}`,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			choice, _ := arm(t, mode, "").chat(t, system, user, nil)
			if message := choice["message"].(map[string]any); message["content"] == nil {
				message["content"] = nil // left out is null
			}
			got, err := json.Marshal(choice)
			require.NoError(t, err)
			require.JSONEq(t, want, string(got))
		})
	}
	t.Run(sandbox.SchemaIgnored, func(t *testing.T) {
		t.Parallel()
		choice, _ := arm(t, sandbox.SchemaIgnored, "").chat(t, system, user, nil)
		require.Contains(t, content(choice), "```json\n{")
		require.Contains(t, content(choice), "confidence")
		require.Contains(t, content(choice), "OpenSource")
	})
	t.Run(sandbox.Says, func(t *testing.T) {
		t.Parallel()
		choice, _ := arm(t, sandbox.Says, "Whatever.").chat(t, system, user, nil)
		require.Equal(t, "Whatever.", content(choice))
	})
	t.Run(sandbox.NoChoices, func(t *testing.T) {
		t.Parallel()
		got := arm(t, sandbox.NoChoices, "").call(t, "POST", "/v1/chat/completions", `{"model":"sandbox","messages":[{"role":"user","content":"x"}]}`)
		require.NotContains(t, got.body, "message")
	})
	t.Run(sandbox.SchemaRefused, func(t *testing.T) {
		t.Parallel()
		w := arm(t, sandbox.SchemaRefused, "")
		got := w.call(t, "POST", "/v1/chat/completions", `{"model":"sandbox","messages":[{"role":"user","content":"x"}],
			"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}}`)
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Contains(t, got.body, "response_format")
		_, _ = w.chat(t, system, user, nil)
	})
	t.Run("the modes are named", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, newWorld(t).box.Arm(sandbox.Fault{Vendor: "llm", Mode: "explode"}), "must be one of broken_json, refusal, ")
	})
	t.Run("of nobody else", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, f := range []sandbox.Fault{
			{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Refusal}, {Vendor: "llm", Mode: sandbox.Refusal},
			{Vendor: "llm", Operation: "listModels", Mode: sandbox.Says, Value: "x"},
		} {
			require.Error(t, w.box.Arm(f))
		}
	})
}

func TestTheModelRefusesLimitsBelowOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, limit := range []string{`"max_tokens":-1`, `"max_completion_tokens":-5`, `"max_tokens":0`} {
		got := w.call(t, "POST", "/v1/chat/completions", `{"model":"sandbox","messages":[{"role":"user","content":"Hello"}],`+limit+`}`)
		require.Equal(t, http.StatusBadRequest, got.status, limit)
		require.Contains(t, got.body, "must be at least 1")
	}
}
