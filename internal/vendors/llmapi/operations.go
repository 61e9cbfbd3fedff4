package llmapi

import "github.com/postwright/postwright/internal/outbound"

// Repeats says of every operation, by its operationId, what of it may be sent again. A question to a model changes nothing, but it
// costs: it is asked again after no answer, never beside a slow one.
func Repeats() map[string]outbound.Repeat {
	return map[string]outbound.Repeat{
		"createChatCompletion": outbound.Always,
		"listModels":           outbound.Read,
	}
}
