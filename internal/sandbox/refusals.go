package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/postwright/postwright/gen/linkedin"
)

// refusal is an answer that is not a success, in one of the shapes that LinkedIn uses, or in the other vendors'.
type refusal struct {
	status int
	header http.Header
	body   any
	// plain refusals have the shape of the analysis and notification APIs.
	plain bool
}

// Error says what the answer says.
func (r *refusal) Error() string { return fmt.Sprintf("status %d: %v", r.status, r.body) }

func (r *refusal) write(w http.ResponseWriter) {
	body := r.body
	if e, ok := body.(linkedin.Error); ok && r.plain {
		body = map[string]any{"error": map[string]any{"code": e.Code, "message": e.Message}}
	}
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(body) // a caller who left learns nothing
}

// refuse is the flat shape: status, code, message.
func refuse(status int, code, message string) *refusal {
	e := linkedin.Error{Status: &status, Message: &message}
	if code != "" {
		e.Code = &code
	}
	if status == http.StatusForbidden {
		number := 100
		e.ServiceErrorCode = &number
	}
	return &refusal{status: status, body: e}
}

// refuseToken is the flat shape with a service error code.
func refuseToken(serviceErrorCode int, code, message string) *refusal {
	status := http.StatusUnauthorized
	return &refusal{status: status, body: linkedin.Error{
		Status: &status, ServiceErrorCode: &serviceErrorCode, Code: &code, Message: &message,
	}}
}

// refuseInput is the shape with errorDetails, whose top has no code.
func refuseInput(status int, message, code, description string, maxLength int) *refusal {
	kind := "com.linkedin.common.error.BadRequest"
	body := map[string]any{
		"errorDetailType": kind, "message": message, "status": status,
		"errorDetails": map[string]any{"inputErrors": []map[string]any{{"description": description, "input": map[string]any{}, "code": code}}},
	}
	if maxLength > 0 {
		body["errorDetails"] = map[string]any{"inputErrors": []map[string]any{
			{"description": description, "input": map[string]any{}, "code": code, "maxLength": maxLength}}}
	}
	return &refusal{status: status, body: body}
}

// The refusals of a token, word for word as met in the field.
var (
	invalidToken = refuseToken(65600, "INVALID_ACCESS_TOKEN", "Invalid access token")
	revokedToken = refuseToken(65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user")
	expiredToken = refuseToken(65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
)

// dayLimit refuses for a quota of the day; whose is APPLICATION or MEMBER.
func dayLimit(whose string) *refusal {
	status, code, number := http.StatusTooManyRequests, "TOO_MANY_REQUESTS", 101
	message := "Resource level throttle " + whose + " DAY limit for calls to this resource is reached."
	return &refusal{status: status, body: linkedin.Error{Status: &status, Code: &code, ServiceErrorCode: &number, Message: &message}}
}

// throttled refuses for a passing limit.
func throttled() *refusal {
	status, number := http.StatusTooManyRequests, 101
	message := "Resource level throttle limit for calls to this resource is reached."
	return &refusal{status: status, body: linkedin.Error{Status: &status, ServiceErrorCode: &number, Message: &message}}
}

// duplicate refuses a text that the author posted recently, and names the post.
func duplicate(urn string) *refusal {
	return refuseInput(http.StatusUnprocessableEntity,
		"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of "+urn,
		"DUPLICATE_POST", "Duplicate post is detected", 0)
}

// inactiveVersion refuses a version that is not served, or not yet.
func inactiveVersion(version string) *refusal {
	return refuse(http.StatusUpgradeRequired, "NONEXISTENT_VERSION", "Requested version "+version+"01 is not active")
}

// withStatus is LinkedIn's usual body for a status.
func withStatus(status int) *refusal {
	switch status {
	case http.StatusUnauthorized:
		return invalidToken
	case http.StatusForbidden:
		return refuse(status, "ACCESS_DENIED", "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260901")
	case http.StatusNotFound:
		return refuse(status, "NOT_FOUND", "Not Found")
	case http.StatusConflict:
		return refuse(status, "CONFLICT", "Write conflict")
	case http.StatusUnprocessableEntity:
		return refuseInput(status, "com.linkedin.common.error.BadRequest: The request is not valid", "INVALID_VALUE_FOR_FIELD", "Invalid value", 0)
	case http.StatusUpgradeRequired:
		return inactiveVersion("202501")
	case http.StatusTooManyRequests:
		return throttled()
	case http.StatusServiceUnavailable:
		return refuse(status, "UNDER_MAINTENANCE", "Service Unavailable")
	}
	if status >= 500 {
		return refuse(status, "INTERNAL_ERROR", "Internal Server Error")
	}
	return refuse(status, "ILLEGAL_ARGUMENT", "Bad Request")
}
