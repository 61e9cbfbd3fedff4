package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"

	"github.com/postwright/postwright/gen/llm"
	"github.com/postwright/postwright/internal/lexical"
)

// LLMModel is the one model of the sandbox's.
const LLMModel = "sandbox"

// llmServer serves chat completions as OpenAI does. Behind it is no language model: it knows the tasks that it is told after
// "Task:" by the methods of package lexical, computes each answer, and tells everybody else that it knows no more.
type llmServer struct{ *Sandbox }

var _ llm.StrictServerInterface = llmServer{}

// ListModels implements GET /v1/models.
func (llmServer) ListModels(context.Context, llm.ListModelsRequestObject) (llm.ListModelsResponseObject, error) {
	id := LLMModel
	return llm.ListModels200JSONResponse{Data: []llm.Model{{Id: &id}}}, nil
}

// CreateChatCompletion implements POST /v1/chat/completions.
func (s llmServer) CreateChatCompletion(
	_ context.Context,
	r llm.CreateChatCompletionRequestObject,
) (llm.CreateChatCompletionResponseObject, error) {
	body := r.Body
	if body.Model != LLMModel {
		return nil, refuse(http.StatusNotFound, "model_not_found", fmt.Sprintf("The model %q does not exist: there is %q", body.Model, LLMModel))
	}
	if len(body.Messages) == 0 {
		return nil, refuse(http.StatusBadRequest, "invalid_request_error", "messages must not be empty")
	}
	most := math.MaxInt
	for _, limit := range []*int{body.MaxTokens, body.MaxCompletionTokens} {
		if limit != nil && *limit < 1 {
			return nil, refuse(http.StatusBadRequest, "invalid_request_error", "max_tokens and max_completion_tokens must be at least 1")
		}
		if limit != nil {
			most = min(most, *limit)
		}
	}
	var system, user strings.Builder
	input := 0
	for _, m := range body.Messages {
		input += tokens(m.Content)
		if m.Role == "system" {
			system.WriteString(m.Content + "\n")
		} else {
			user.WriteString(m.Content)
		}
	}
	content, finish := s.complete(system.String(), textOf(user.String())), "stop"
	if tokens(content) > most {
		content, finish = strings.ToValidUTF8(content[:most*bytesPerToken], ""), "length"
	}
	output, role, model := tokens(content), "assistant", LLMModel+"-"+lexical.Version
	return llm.CreateChatCompletion200JSONResponse{
		Model:   &model,
		Choices: []llm.Choice{{FinishReason: &finish, Message: &llm.Answer{Role: &role, Content: &content}}},
		Usage:   &llm.Usage{PromptTokens: &input, CompletionTokens: &output},
	}, nil
}

// bytesPerToken is about what a token is of English.
const bytesPerToken = 4

func tokens(text string) int { return (len(text) + bytesPerToken - 1) / bytesPerToken }

// textOf is the text that a message is about: the member text where it is a JSON object.
func textOf(message string) string {
	var quoted struct {
		Text *string `json:"text"`
	}
	if json.Unmarshal([]byte(message), &quoted) == nil && quoted.Text != nil {
		return *quoted.Text
	}
	return message
}

var task = regexp.MustCompile(`(?m)^Task: (\w+)$`)

func (s llmServer) complete(system, text string) string {
	found := task.FindStringSubmatch(system)
	if found == nil {
		return "I know no more than a few tasks, which I am told after \"Task:\"."
	}
	answer := map[string]any{}
	switch kind := found[1]; kind {
	case "sentiment":
		answer["label"], answer["score"] = s.lexicon.Sentiment(text)
	case "hashtags":
		answer["hashtags"] = lexical.Hashtags(text)
	default:
		optimized, known := lexical.Optimize(text, kind)
		if !known {
			return "I do not know the task " + kind + "."
		}
		answer["optimized"] = optimized
	}
	object, _ := json.Marshal(answer) // texts, numbers and lists of texts always can be
	return string(object)
}
