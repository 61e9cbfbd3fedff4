package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// refusal is an answer that is not a success. Its shape is that of the vendor whose path was asked.
type refusal struct {
	status  int
	header  http.Header
	code    string // "" for none
	message string
	// serviceErrorCode is LinkedIn's number; 0 for none.
	serviceErrorCode int
	// input makes LinkedIn's shape the one with errorDetails, whose top has no code: there the code is the detail's.
	input *inputError
}

// inputError is what LinkedIn says about one part of a request.
type inputError struct {
	description string
	maxLength   int // 0 for none
}

// Error says what the answer says.
func (r *refusal) Error() string { return fmt.Sprintf("status %d: %s %s", r.status, r.code, r.message) }

func (r *refusal) write(w http.ResponseWriter, path string) {
	var body map[string]any
	switch {
	case strings.HasPrefix(path, "/rest/"), strings.HasPrefix(path, "/v2/"):
		body = r.linkedIn()
	case strings.HasPrefix(path, "/oauth/"): // RFC 6749, 5.2
		body = map[string]any{"error": r.code, "error_description": r.message}
	default: // the analysis and notification APIs, and the language model
		body = map[string]any{"error": map[string]any{"code": r.code, "message": r.message}}
	}
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(body) // a caller who left learns nothing
}

func (r *refusal) linkedIn() map[string]any {
	body := map[string]any{"status": r.status, "message": r.message}
	if r.serviceErrorCode != 0 {
		body["serviceErrorCode"] = r.serviceErrorCode
	}
	if r.input == nil {
		if r.code != "" {
			body["code"] = r.code
		}
		return body
	}
	detail := map[string]any{"description": r.input.description, "input": map[string]any{}, "code": r.code}
	if r.input.maxLength > 0 {
		detail["maxLength"] = r.input.maxLength
	}
	body["errorDetailType"] = "com.linkedin.common.error.BadRequest"
	body["errorDetails"] = map[string]any{"inputErrors": []any{detail}}
	return body
}

func refuse(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

// deny is a 403, which LinkedIn also gives where others would give a 400.
func deny(message string) *refusal {
	return &refusal{status: http.StatusForbidden, code: "ACCESS_DENIED", message: message, serviceErrorCode: 100}
}

// unpermitted denies a field that is known and may not be there, or not as null. part is REQUEST_BODY or PARAMETER.
func unpermitted(part, path string) *refusal {
	return deny("Unpermitted fields present in " + part + ": Data Processing Exception while processing fields [" + path + "]")
}

func refuseToken(serviceErrorCode int, code, message string) *refusal {
	return &refusal{status: http.StatusUnauthorized, code: code, message: message, serviceErrorCode: serviceErrorCode}
}

func refuseInput(status int, message, code, description string) *refusal {
	return &refusal{status: status, code: code, message: message, input: &inputError{description: description}}
}

// The refusals of a token, word for word as met in the field.
var (
	invalidToken = refuseToken(65600, "INVALID_ACCESS_TOKEN", "Invalid access token")
	revokedToken = refuseToken(65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user")
	expiredToken = refuseToken(65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
)

var notFound = refuse(http.StatusNotFound, "NOT_FOUND", "Not Found")

// invalidParam refuses a parameter without saying which, as LinkedIn does.
var invalidParam = refuse(http.StatusBadRequest, "PARAM_INVALID", "Invalid param. Please see errorDetails for more information.")

// tooLong refuses a text by its length in UTF-16 units.
func tooLong(units int) *refusal {
	message := fmt.Sprintf("ShareCommentary text length (%d characters) exceeded the maximum allowed (%d characters)", units, maxShown)
	r := refuseInput(http.StatusBadRequest, message, "FIELD_ARRAY_SIZE_TOO_HIGH", "Size of array cannot be higher than the maxLength")
	r.input.maxLength = maxShown
	return r
}

// dayLimit refuses for a quota of the day; whose is APPLICATION or MEMBER.
func dayLimit(whose string) *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, code: "TOO_MANY_REQUESTS", serviceErrorCode: 101,
		message: "Resource level throttle " + whose + " DAY limit for calls to this resource is reached.",
	}
}

// throttled refuses for a passing limit.
func throttled() *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, serviceErrorCode: 101,
		message: "Resource level throttle limit for calls to this resource is reached.",
	}
}

// duplicate refuses a text that the author posted recently, and names the post.
func duplicate(urn string) *refusal {
	return refuseInput(http.StatusUnprocessableEntity,
		"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of "+urn,
		"DUPLICATE_POST", "Duplicate post is detected")
}

// inactiveVersion refuses a version that is not served, or not yet.
func inactiveVersion(version string) *refusal {
	return refuse(http.StatusUpgradeRequired, "NONEXISTENT_VERSION", "Requested version "+version+"01 is not active")
}

// missingScope denies an operation that the token's scopes do not allow.
func missingScope(op operation, version string) *refusal {
	suffix := "NO_VERSION"
	if op.versioned {
		suffix = version + "01"
	}
	return deny("Not enough permissions to access: " + op.resource + "." + suffix)
}

// withStatus is the usual answer of an operation for a status.
func withStatus(op operation, version string, status int) *refusal {
	switch status {
	case http.StatusUnauthorized:
		return invalidToken
	case http.StatusForbidden:
		return missingScope(op, version)
	case http.StatusNotFound:
		return notFound
	case http.StatusConflict:
		return refuse(status, "CONFLICT", "Write conflict")
	case http.StatusUnprocessableEntity:
		return refuseInput(status, "com.linkedin.common.error.BadRequest: The request is not valid", "INVALID_VALUE_FOR_FIELD", "Invalid value")
	case http.StatusUpgradeRequired:
		return inactiveVersion(version)
	case http.StatusTooManyRequests:
		return throttled()
	case http.StatusServiceUnavailable:
		return refuse(status, "UNDER_MAINTENANCE", "Service Unavailable")
	}
	if status >= 500 {
		return refuse(status, "INTERNAL_ERROR", cmp.Or(http.StatusText(status), "Internal Server Error"))
	}
	return refuse(status, "ILLEGAL_ARGUMENT", cmp.Or(http.StatusText(status), "Bad Request"))
}
