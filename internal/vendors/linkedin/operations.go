package linkedin

import "github.com/postwright/postwright/internal/outbound"

// Repeats says of every operation, by its operationId, what of it may be sent again.
func Repeats() map[string]outbound.Repeat {
	return map[string]outbound.Repeat{
		// LinkedIn knows no idempotency key: a create that is sent twice stands there twice. Its caller decides on
		// every attempt and writes it down before.
		"createPost":    outbound.Never,
		"createUgcPost": outbound.Never,
		// A code and a refresh token may be used up by a request whose answer was lost.
		"createAccessToken": outbound.Unsent,
		// The text that a post is to have, and that it is to be gone, are the same when they are said twice.
		"updatePost":                     outbound.Always,
		"deletePost":                     outbound.Always,
		"findOrganizationAcls":           outbound.Read,
		"findPostsByAuthor":              outbound.Read,
		"getMemberPostAnalytics":         outbound.Read,
		"getOrganizationShareStatistics": outbound.Read,
		"getMe":                          outbound.Read,
		"getPerson":                      outbound.Read,
		"getPost":                        outbound.Read,
		"getSocialMetadata":              outbound.Read,
		"getUserInfo":                    outbound.Read,
		"introspectToken":                outbound.Read,
	}
}
