package linkedin

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/postwright/postwright/internal/fault"
)

// ConsentOperation names the page on which members consent, which is called by their browsers.
const ConsentOperation = "consent"

// membersOwn are the errors with which LinkedIn sends a browser back because the member did not want to (authorization code
// flow).
var membersOwn = map[string]bool{"user_cancelled_login": true, "user_cancelled_authorize": true}

// ofMember finds that it is the member of whom a description says no.
var ofMember = regexp.MustCompile(
	`(?i)\b(?:user|member|resource owner)(?: or (?:the )?authorization server)?(?: has| have| did)? (?:cancel|den|declin|refus|reject|not )`,
)

// byMember reports whether it was the member who did not want to. RFC 6749, 4.1.2.1, has access_denied for a member and for a
// server that says no, of an app that is blocked for example, which only the description tells apart.
func byMember(code, description string) bool {
	code = strings.ToLower(code)
	return membersOwn[code] || code == "access_denied" && (strings.TrimSpace(description) == "" || ofMember.MatchString(description))
}

// maxConsentWords bounds what is kept and shown of LinkedIn's description, which anybody can write into an address.
const maxConsentWords = 300

// ConsentCode is the code with which LinkedIn sent a browser back, in the letters that it is known by, and "" when it is none of
// those that are known: anybody can write anything into an address, so only this may name a figure.
func ConsentCode(code string) string {
	code = strings.ToLower(code)
	if _, known := oauthErrors[code]; known || membersOwn[code] {
		return code
	}
	return ""
}

// ConsentAnswer is what LinkedIn sent a browser back with, the error and error_description of the address. Both are words that
// anybody may have written: they are for people to read.
func ConsentAnswer(code, description string) *fault.Answer {
	return &fault.Answer{
		Vendor: Vendor, Operation: ConsentOperation,
		Code: fault.Clip(printable(code), maxConsentCode), Message: fault.Clip(printable(description), maxConsentWords),
	}
}

// RefusedConsent is why LinkedIn sent a member's browser back without a code; nil when it was the member who did not want to.
// settings are those of the app that asked.
func RefusedConsent(settings AppSettings, code, description string) error {
	if byMember(code, description) {
		return nil
	}
	given := ConsentAnswer(code, description)
	known, isKnown := oauthErrors[strings.ToLower(given.Code)]
	remedy := settings.in(known.remedy)
	if !isKnown {
		remedy = "Look the code up in LinkedIn's documentation of its authorization code flow."
	}
	said := given.Code
	if given.Message != "" {
		said = fmt.Sprintf("%s (%s)", said, given.Message)
	}
	f := fault.Newf(fault.VendorRejected, "LinkedIn did not ask for your consent, or could not take it: %s. %s", said, remedy)
	if isKnown {
		f.Reason = strings.ToUpper(given.Code)
	}
	f.Answer = given
	return f
}

const maxConsentCode = 60

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
