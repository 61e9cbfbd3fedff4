package linkedin

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Reasons of LinkedIn's refusals that callers act on. A refusal that has none of them carries LinkedIn's own code.
const (
	ReasonExpiredToken   = "EXPIRED_ACCESS_TOKEN"
	ReasonRevokedToken   = "REVOKED_ACCESS_TOKEN"
	ReasonInvalidToken   = "INVALID_ACCESS_TOKEN"
	ReasonAccessDenied   = "ACCESS_DENIED" // a permission is missing
	ReasonForbidden      = "FORBIDDEN"     // something else is in the way, which LinkedIn's words say
	ReasonWrongAuthor    = "WRONG_AUTHOR"
	ReasonUnpermitted    = "UNPERMITTED_FIELDS"
	ReasonDuplicatePost  = "DUPLICATE_POST"
	ReasonVersionExpired = "NONEXISTENT_VERSION"
	ReasonRateLimited    = "RATE_LIMITED"
	ReasonDayLimit       = "DAY_LIMIT"
)

// refusal is what LinkedIn's refusals say, members that may all be missing (linkedin.Error). LinkedIn names an error in one place
// and numbers it in another, and either may stand as a number or as text: all are read as text.
type refusal struct {
	Code             string `json:"code"`
	ServiceErrorCode string `json:"serviceErrorCode"`
	Message          string `json:"message"`
	ErrorDetails     struct {
		InputErrors []struct {
			Code string `json:"code"`
		} `json:"inputErrors"`
	} `json:"errorDetails"`
}

// tokenNumbers are in the older answers in place of names (error-handling; codes as met in the field). 65600 is missing: LinkedIn
// gives it to tokens that have ended as well, so it says the least.
var tokenNumbers = map[string]string{"65601": ReasonRevokedToken, "65602": ReasonExpiredToken}

// What LinkedIn's words say of a token that it refuses; "revoked or expired" says neither.
var (
	revokedToken = regexp.MustCompile(`(?i)\brevoked\b`)
	expiredToken = regexp.MustCompile(`(?i)\bexpired\b`)
	invalidToken = regexp.MustCompile(`(?i)\binvalid access token\b`)
)

// tokenReason is why LinkedIn refuses a token, "" when it is not said: by the name, failing that by the number, failing that by
// the words (linkedin-facts, 5.2).
func (r refusal) tokenReason() string {
	codes := []string{strings.ToUpper(strings.TrimSpace(r.Code)), strings.ToUpper(strings.TrimSpace(r.ServiceErrorCode))}
	for _, code := range codes {
		if isTokenReason(code) {
			return code
		}
	}
	for _, code := range codes {
		if reason, known := tokenNumbers[code]; known {
			return reason
		}
	}
	revoked, expired := revokedToken.MatchString(r.Message), expiredToken.MatchString(r.Message)
	switch {
	case revoked && !expired:
		return ReasonRevokedToken
	case expired && !revoked:
		return ReasonExpiredToken
	case slices.Contains(codes, "65600"), invalidToken.MatchString(r.Message):
		return ReasonInvalidToken
	}
	return ""
}

// refine completes the fault of a refusal from LinkedIn's body, whose members may all be missing. text is that of the post that
// was to be created, "" where there was none: LinkedIn may repeat it.
func (c *Client) refine(f *fault.Error, body []byte, text string) {
	var said refusal
	if !answer.Lenient(body, &said) {
		f.Answer.Message = string(body) // not JSON: kept for a person to read
	} else {
		f.Answer.Code, f.Answer.Message = said.code(), said.Message
	}
	switch f.Kind {
	case fault.VendorAuth:
		f.Reason = cmp.Or(said.tokenReason(), answer.Reason(f.Answer.Code))
		f.Message = "LinkedIn no longer accepts the account's token: connect the account again."
	case fault.RateLimited:
		c.refineRateLimit(f)
	case fault.VendorRejected:
		refineRejection(f, words(f.Answer.Message, body, text), text)
	}
}

// words are all that a refusal says, codes and sentences, wherever they stand in it, its message first. What it repeats of the
// request is no word of LinkedIn's: a text may speak of duplicates.
func words(message string, body []byte, text string) []string {
	var whole any
	if json.Unmarshal(body, &whole) != nil {
		message = withoutText(answer.Legible(message), text)
		if !strings.HasPrefix(strings.TrimSpace(message), "{") { // else it is JSON that breaks off, all of whose words are in quotes
			message = withoutQuotations(message)
		}
		return []string{message} // not JSON: the message is the body
	}
	clean := func(s string) string { return withoutQuotations(withoutText(answer.Legible(s), text)) }
	said := []string{clean(message)}
	var collect func(name string, value any)
	collect = func(name string, value any) {
		switch v := value.(type) {
		case string:
			if len(name) > len("duplicat") && strings.EqualFold(name[:len("duplicat")], "duplicat") {
				said = append(said, name+": "+clean(v)) // such as duplicateOf
			} else if v != message {
				said = append(said, clean(v))
			}
		case []any:
			for _, element := range v {
				collect(name, element)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if name != "input" {
					collect(name, v[name])
				}
			}
		}
	}
	collect("", whole)
	return said
}

func isTokenReason(code string) bool {
	return code == ReasonInvalidToken || code == ReasonRevokedToken || code == ReasonExpiredToken
}

// code is the machine code of an error: at the top, or that of its first input error, or the number.
func (r refusal) code() string {
	codes := []string{r.Code}
	for _, in := range r.ErrorDetails.InputErrors {
		if strings.EqualFold(in.Code, ReasonDuplicatePost) { // what a caller must know, even if a broader code stands at the top
			return ReasonDuplicatePost
		}
		codes = append(codes, in.Code)
	}
	for _, code := range append(codes, r.ServiceErrorCode) {
		if code != "" && code != "0" {
			return code
		}
	}
	return ""
}

// dayLimit is how LinkedIn words that the day's quota is used up, which begins anew at midnight UTC (rate-limits). It sends
// no Retry-After.
var dayLimit = regexp.MustCompile(`(?i)\bday limit\b`)

// refineRateLimit tells the day's quota from a passing limit. Only the message says which it is.
func (c *Client) refineRateLimit(f *fault.Error) {
	f.Reason = ReasonRateLimited
	if dayLimit.MatchString(f.Answer.Message) {
		f.Reason = ReasonDayLimit
		f.Message = "LinkedIn's quota for the day is used up: try again after midnight UTC."
		f.RetryAfter = max(f.RetryAfter, untilMidnight(c.now()))
	}
}

// BodyRetryAfter reads how long LinkedIn asks to wait without the header Retry-After, for the seam: once the day's quota is used
// up, another attempt is of no use before midnight UTC.
func BodyRetryAfter(now answer.Clock) outbound.BodyRetryAfter {
	return func(status int, body []byte) time.Duration {
		if status == http.StatusTooManyRequests && dayLimit.Match(body) {
			return untilMidnight(now())
		}
		return 0
	}
}

func untilMidnight(now time.Time) time.Duration {
	now = now.UTC()
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC).Sub(now)
}

func refineRejection(f *fault.Error, said []string, text string) {
	f.Reason = answer.Reason(f.Answer.Code)
	switch status := f.Answer.Status; {
	case status == http.StatusUpgradeRequired:
		f.Reason = ReasonVersionExpired
		f.Message = "LinkedIn does not serve the configured API version: set the LinkedIn version to one that it serves."
	case slices.ContainsFunc(said, saysDuplicate):
		refineDuplicate(f, said, text)
	case status == http.StatusForbidden:
		refineDenial(f, said)
	case status == http.StatusNotFound:
		f.Message = "LinkedIn has no such thing, or does not show it to this account."
	case f.Reason != "":
		f.Message = "LinkedIn refused the request with the code " + f.Reason + "."
	default:
		f.Message = "LinkedIn refused the request."
	}
}

// What the words of a 403 tell apart (linkedin-facts, 5.2): only they say which of its causes it is.
var (
	unpermittedFields = regexp.MustCompile(`(?i)\bunpermitted fields? present\b`)
	notEnough         = regexp.MustCompile(`(?i)\bnot enough permissions?\b`)
	// wrongAuthor is said of a member or page that the token does not speak for, and of a member's id that another app was given
	// (github.com/n8n-io/n8n issue 1714).
	wrongAuthor = regexp.MustCompile(`(?is)\bfield value validation failed\b.*/author\b`)
)

// refineDenial tells the causes of a 403 apart. It names a missing permission only where LinkedIn does: a member who connects
// the account again because Postwright's request was wrong gains nothing.
func refineDenial(f *fault.Error, said []string) {
	switch {
	case slices.ContainsFunc(said, unpermittedFields.MatchString):
		f.Reason = ReasonUnpermitted
		f.Message = "LinkedIn does not take a part of the request as Postwright wrote it: that is no matter of the account's rights, but of Postwright " +
			"or of the configured LinkedIn version."
	case slices.ContainsFunc(said, wrongAuthor.MatchString):
		f.Reason = ReasonWrongAuthor
		f.Message = "LinkedIn does not take the account as the author: its token is another member's or another app's, or may not speak for the page."
	case slices.ContainsFunc(said, notEnough.MatchString), f.Answer.Message == "" && (f.Reason == "" || f.Reason == ReasonAccessDenied):
		f.Reason = ReasonAccessDenied
		f.Message = "LinkedIn does not allow this to the account's token: a scope, a product of the app or a role is missing."
	default:
		if f.Reason == "" || f.Reason == ReasonAccessDenied { // which every 403 has
			f.Reason = ReasonForbidden
		}
		f.Message = "LinkedIn does not allow this to the account; its own words say why."
	}
}

// DuplicateOf returns the URN of the post that LinkedIn named when it refused a create as a duplicate. It proves a publication
// only if an earlier attempt of the same post is in doubt and it is no other post's: LinkedIn also names posts that have been
// deleted.
func DuplicateOf(err error) (URN, bool) {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.VendorRejected || f.Reason != ReasonDuplicatePost {
		return URN{}, false
	}
	var d duplicated
	named := errors.As(f, &d)
	return d.of, named
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
