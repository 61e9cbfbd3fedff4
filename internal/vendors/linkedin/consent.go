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

// consentRemedies say what to do about the others, for the member, who can only tell whoever runs Postwright.
var consentRemedies = map[string]string{
	"unauthorized_scope_error":  "The LinkedIn app lacks the product for a scope that is asked for: add the product in LinkedIn's developer portal, or leave the scope out of --linkedin-scopes.",
	"invalid_scope":             "A scope that is asked for does not exist, or is not this app's: correct --linkedin-scopes.",
	"unauthorized_client":       "The LinkedIn app may not ask for consents: look at it in LinkedIn's developer portal.",
	"invalid_client":            "LinkedIn does not know the app: check --linkedin-client-id.",
	"invalid_redirect_uri":      "Register the address of this page, without what follows the question mark, with the LinkedIn app.",
	"redirect_uri_mismatch":     "Register the address of this page, without what follows the question mark, with the LinkedIn app.",
	"invalid_request":           "The link that was made is not one that LinkedIn takes: check --linkedin-client-id, --linkedin-scopes and --server-public-url.",
	"unsupported_response_type": "The LinkedIn app may not ask for consents with a code: look at it in LinkedIn's developer portal.",
	"server_error":              "LinkedIn has trouble: try again later.",
	"temporarily_unavailable":   "LinkedIn has trouble: try again later.",
}

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
	remedy, known := consentRemedies[code]
	if !known {
		remedy = "Look the code up in LinkedIn's documentation of its authorization code flow."
	}
	said := code
	if description != "" {
		said = fmt.Sprintf("%s (%s)", code, description)
	}
	f := fault.Newf(fault.VendorRejected, "LinkedIn did not ask for your consent, or could not take it: %s. %s", said, remedy)
	if known { // metrics count by it
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
