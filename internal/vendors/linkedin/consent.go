package linkedin

import (
	"fmt"
	"strings"

	"github.com/postwright/postwright/internal/fault"
)

// ConsentOperation names the page on which members consent, which is called by their browsers.
const ConsentOperation = "consent"

// membersOwn are the errors with which LinkedIn sends a browser back because the member did not want to (authorization code
// flow; RFC 6749, 4.1.2.1).
var membersOwn = map[string]bool{"user_cancelled_login": true, "user_cancelled_authorize": true, "access_denied": true}

// maxConsentWords bounds what is kept and shown of LinkedIn's description, which anybody can write into an address.
const maxConsentWords = 300

// RefusedConsent is why LinkedIn sent a member's browser back without a code, as the error and error_description of the
// address say; nil when it was the member who did not want to. Both are words that anybody may have written: they are for
// people to read.
func RefusedConsent(code, description string) error {
	if membersOwn[code] {
		return nil
	}
	code, description = fault.Clip(printable(code), maxConsentCode), fault.Clip(printable(description), maxConsentWords)
	known, isKnown := oauthErrors[code]
	remedy := known.remedy
	if !isKnown {
		remedy = "Look the code up in LinkedIn's documentation of its authorization code flow."
	}
	said := code
	if description != "" {
		said = fmt.Sprintf("%s (%s)", code, description)
	}
	f := fault.Newf(fault.VendorRejected, "LinkedIn did not ask for your consent, or could not take it: %s. %s", said, remedy)
	if isKnown { // metrics count by it
		f.Reason = strings.ToUpper(code)
	}
	f.Answer = &fault.Answer{Vendor: Vendor, Operation: ConsentOperation, Code: code, Message: description}
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
