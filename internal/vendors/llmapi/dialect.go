package llmapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postwright/postwright/gen/llm"
	"github.com/postwright/postwright/internal/fault"
)

// dialect is what of a request a server takes: each refuses something else, with a 400 or 422.
type dialect struct {
	schema           bool // response_format
	temperature      bool
	completionTokens bool // max_completion_tokens instead of max_tokens, which is the older and more widely known
}

func (d dialect) request(model string, q Question) llm.CreateChatCompletionJSONRequestBody {
	body := llm.CreateChatCompletionJSONRequestBody{
		Model: model, Messages: []llm.Message{{Role: "system", Content: q.System}, {Role: "user", Content: q.User}},
	}
	if d.completionTokens {
		body.MaxCompletionTokens = &q.MaxTokens
	} else {
		body.MaxTokens = &q.MaxTokens
	}
	if d.temperature {
		likeliest := 0.0
		body.Temperature = &likeliest
	}
	if d.schema {
		strict := true
		format := llm.ResponseFormat{Type: "json_schema"}
		format.JsonSchema.Name, format.JsonSchema.Strict, format.JsonSchema.Schema = q.Name, &strict, q.Schema
		body.ResponseFormat = &format
	}
	return body
}

// without is the dialect to try after a refusal: without what the server's words name, or else without the schema, which is refused
// most. named is whether they name it, and found false where there is nothing to try, or the refusal is of another kind; after three
// refusals there is nothing left.
func (d dialect) without(refused error) (other dialect, named, found bool) {
	if refused == nil {
		return d, false, false
	}
	f := fault.Of(refused)
	if f.Kind != fault.VendorRejected || f.Answer == nil ||
		(f.Answer.Status != http.StatusBadRequest && f.Answer.Status != http.StatusUnprocessableEntity) {
		return d, false, false
	}
	said := strings.ToLower(f.Answer.Code + " " + f.Answer.Message)
	names := func(words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(said, word) })
	}
	switch {
	case f.Reason == ReasonRefused, f.Answer.Code == "context_length_exceeded":
		return d, false, false
	case d.schema && names("response_format", "json_schema", "structured output", "grammar"):
		d.schema = false
	case !d.completionTokens && names("max_completion_tokens"):
		d.completionTokens = true
	case d.temperature && names("temperature"):
		d.temperature = false
	case d.schema:
		d.schema = false
		return d, false, true
	default:
		return d, false, false
	}
	return d, true, true
}
