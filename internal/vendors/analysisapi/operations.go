package analysisapi

import "github.com/postwright/postwright/internal/outbound"

// Repeats says of every operation, by its operationId, what of it may be sent again: an analysis is a question, whatever its
// method.
func Repeats() map[string]outbound.Repeat {
	return map[string]outbound.Repeat{
		"analyzeSentiment": outbound.Read,
		"generateHashtags": outbound.Read,
		"optimizeContent":  outbound.Read,
	}
}
