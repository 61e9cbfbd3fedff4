package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/postwright/postwright/gen/llm"
)

// The modes of a fault of a language model, each on its createChatCompletion alone. The status is 200 but for the last.
const (
	BrokenJSON    = "broken_json"    // the model's JSON breaks off, and it takes it for whole
	Refusal       = "refusal"        // the model refuses to answer
	Filtered      = "filtered"       // the server keeps the answer back as harmful
	Truncated     = "truncated"      // the answer breaks off at the most tokens it may have
	WrongSchema   = "wrong_schema"   // the members are there, of other types
	ToolsWanted   = "tool_calls"     // the model asks for a tool
	NoChoices     = "no_choices"     // there is no answer in the answer
	SchemaIgnored = "schema_ignored" // the JSON stands in prose and a code fence, with members of its own
	Says          = "says"           // the model says Value
	SchemaRefused = "schema_refused" // 400 for a request with response_format; another goes on as usual
)

// LLMModes are those that only a language model has.
var LLMModes = []string{BrokenJSON, Refusal, Filtered, Truncated, WrongSchema, ToolsWanted, NoChoices, SchemaIgnored, Says, SchemaRefused}

// ofLLM applies a fault that only a language model has. refused is the answer, where it is one; else after spoils what comes.
func (f Fault) ofLLM(w http.ResponseWriter, r *http.Request) (after func(*keptAnswer), refused *refusal) {
	if f.Mode == SchemaRefused {
		raw, _ := io.ReadAll(r.Body) // from memory
		r.Body = io.NopCloser(bytes.NewReader(raw))
		var asked llm.CreateChatCompletionJSONRequestBody
		if json.Unmarshal(raw, &asked) == nil && asked.ResponseFormat != nil {
			return nil, refuse(http.StatusBadRequest, "unsupported_parameter", "response_format of type json_schema is not supported")
		}
		return nil, nil
	}
	return func(k *keptAnswer) {
		body := k.body.Bytes()
		var whole llm.Completion
		if k.status == http.StatusOK && json.Unmarshal(body, &whole) == nil && len(whole.Choices) > 0 {
			f.spoil(&whole)
			body, _ = json.Marshal(whole) // it was JSON before
		}
		k.header.Del("Content-Length")
		k.writeHead(w, k.status)
		_, _ = w.Write(body)
	}, nil
}

func (f Fault) spoil(whole *llm.Completion) {
	choice, message := &whole.Choices[0], whole.Choices[0].Message
	say := func(text string) { message.Content = &text }
	said := *message.Content
	finish := func(reason string) { choice.FinishReason = &reason }
	switch f.Mode {
	case BrokenJSON:
		say(said[:len(said)-1])
	case Refusal:
		why := "I'm sorry, but I can't help with that."
		message.Content, message.Refusal = nil, &why
	case Filtered:
		say("")
		finish("content_filter")
	case Truncated:
		say(said[:len(said)/2])
		finish("length")
	case WrongSchema:
		members := map[string]any{}
		_ = json.Unmarshal([]byte(said), &members) // prose has none
		for name := range members {
			members[name] = map[string]any{"value": members[name]}
		}
		wrong, _ := json.Marshal(members)
		say(string(wrong))
	case ToolsWanted:
		message.Content = nil
		message.ToolCalls = []map[string]any{{
			"id": "call_1", "type": "function", "function": map[string]any{"name": "web_search", "arguments": `{"query":"postwright"}`},
		}}
		finish("tool_calls")
	case NoChoices:
		whole.Choices = []llm.Choice{}
	case SchemaIgnored:
		members := map[string]any{}
		_ = json.Unmarshal([]byte(said), &members)
		members["confidence"], members["note"] = 0.9, "as you asked for"
		more, _ := json.MarshalIndent(members, "", "  ")
		say("Sure! Here is what I found {as JSON}:\n\n```json\n" + string(more) + "\n```\n\nLet me know if you need anything else.")
	case Says:
		say(f.Value)
	}
}
