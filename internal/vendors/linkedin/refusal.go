package linkedin

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
)

// Reasons of LinkedIn's refusals that callers act on.
const (
	ReasonExpiredToken   = "EXPIRED_ACCESS_TOKEN"
	ReasonRevokedToken   = "REVOKED_ACCESS_TOKEN"
	ReasonInvalidToken   = "INVALID_ACCESS_TOKEN" //nolint:gosec // the name of a failure
	ReasonDuplicatePost  = "DUPLICATE_POST"
	ReasonVersionExpired = "NONEXISTENT_VERSION"
	ReasonRateLimited    = "RATE_LIMITED"
	ReasonDayLimit       = "DAY_LIMIT"
)

// tokenReasons reads the older answers, which carry only a number (error-handling; codes as met in the field).
var tokenReasons = map[int]string{65600: ReasonInvalidToken, 65601: ReasonRevokedToken, 65602: ReasonExpiredToken}

// refine completes the fault of a refusal from LinkedIn's body, whose members may all be missing.
func (c *Client) refine(f *fault.Error, _ http.Header, body []byte) {
	var e linkedin.Error
	if err := json.Unmarshal(body, &e); err != nil {
		f.Answer.Message = string(body) // not JSON: kept for a person to read
		return
	}
	number := 0
	if e.ServiceErrorCode != nil {
		number = *e.ServiceErrorCode
	}
	f.Answer.Code, f.Answer.Message = errorCode(e, number), deref(e.Message)
	switch f.Kind {
	case fault.VendorAuth:
		f.Reason = f.Answer.Code
		if known, ok := tokenReasons[number]; ok && !isTokenReason(f.Reason) {
			f.Reason = known
		}
		f.Message = "LinkedIn no longer accepts the account's token: connect the account again."
	case fault.RateLimited:
		c.refineRateLimit(f)
	case fault.VendorRejected:
		refineRejection(f)
	}
}

func isTokenReason(code string) bool {
	return code == ReasonInvalidToken || code == ReasonRevokedToken || code == ReasonExpiredToken
}

// errorCode is the machine code of an error: at the top, or that of its first input error, or the number.
func errorCode(e linkedin.Error, number int) string {
	if code := deref(e.Code); code != "" {
		return code
	}
	if e.ErrorDetails != nil {
		for _, in := range e.ErrorDetails.InputErrors {
			if code := deref(in.Code); code != "" {
				return code
			}
		}
	}
	if number != 0 {
		return strconv.Itoa(number)
	}
	return ""
}

// refineRateLimit tells the day's quota from a passing limit. Only the message says which it is, so this and DuplicateOf
// are the two places that read one.
func (c *Client) refineRateLimit(f *fault.Error) {
	f.Reason = ReasonRateLimited
	if strings.Contains(f.Answer.Message, "DAY limit") {
		f.Reason = ReasonDayLimit
		f.Message = "LinkedIn's quota for the day is used up; it begins anew at midnight UTC."
		now := c.now().UTC()
		f.RetryAfter = now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
	}
}

func refineRejection(f *fault.Error) {
	f.Reason = f.Answer.Code
	switch {
	case f.Reason == ReasonDuplicatePost:
		f.Message = "LinkedIn says that the same text was posted recently"
		if urn, ok := duplicateIn(f.Answer.Message); ok {
			f.Message += " as " + urn.String()
		}
		f.Message += "."
	case f.Answer.Status == http.StatusUpgradeRequired:
		f.Reason = ReasonVersionExpired
		f.Message = "LinkedIn does not serve the configured API version: set POSTWRIGHT_LINKEDIN_VERSION to one it serves."
	case f.Answer.Status == http.StatusForbidden:
		f.Message = "LinkedIn does not allow this to the account's token: a scope, a product of the app or a role is missing."
	case f.Answer.Status == http.StatusNotFound:
		f.Message = "LinkedIn has no such thing, or does not show it to this account."
	default:
		f.Message = "LinkedIn refused the request."
	}
}

var duplicateURN = regexp.MustCompile(`urn:li:(?:share|ugcPost|activity):[0-9]+`)

func duplicateIn(message string) (URN, bool) {
	urn, err := ParseURN(duplicateURN.FindString(message))
	return urn, err == nil
}

// DuplicateOf returns the URN of the post that LinkedIn named when it refused a create as a duplicate. LinkedIn names it
// in the message only. It proves a publication only if an earlier attempt of the same post is in doubt: LinkedIn also
// names posts that have been deleted.
func DuplicateOf(err error) (URN, bool) {
	f := fault.Of(err)
	if f == nil || f.Reason != ReasonDuplicatePost || f.Answer == nil {
		return URN{}, false
	}
	return duplicateIn(f.Answer.Message)
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
