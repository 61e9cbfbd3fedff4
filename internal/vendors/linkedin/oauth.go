package linkedin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// oauthError is what one of LinkedIn's OAuth errors means, wherever and with whatever status it is said.
type oauthError struct {
	kind   fault.Kind // of a refused request for a token; VendorAuth is said of the app alone
	remedy string     // for the member, who can only tell whoever runs Postwright
}

const (
	remedyAddress = "Register the address of this page, without what follows the question mark, with the LinkedIn app; it begins with " +
		"--server-public-url."
	remedyTrouble = "LinkedIn has trouble: try again later."
)

// AppSettings say where a LinkedIn app is set up, in words that remedies hold.
type AppSettings struct {
	App    string // its client id and secret
	Scopes string // what members are asked for
}

// SettingsByFlags are those of the app that has flags of its own.
var SettingsByFlags = AppSettings{App: "--linkedin-client-id and POSTWRIGHT_LINKEDIN_CLIENT_SECRET", Scopes: "--linkedin-scopes"}

// in names the settings in a remedy.
func (s AppSettings) in(remedy string) string {
	return strings.NewReplacer("{credentials}", s.App, "{scopes}", s.Scopes).Replace(remedy)
}

// oauthErrors are those of the page for consents and of the token endpoint (RFC 6749, 4.1.2.1 and 5.2, and LinkedIn's own). One
// that LinkedIn gives for several causes names them all. {credentials} and {scopes} stand for where the app has them: see
// AppSettings.
var oauthErrors = map[string]oauthError{
	"unauthorized_scope_error": {
		fault.VendorRejected,
		"The LinkedIn app lacks the product for a scope that is asked for: add the product in LinkedIn's developer portal, or leave the scope out of " +
			"{scopes}.",
	},
	"invalid_scope":       {fault.VendorRejected, "A scope that is asked for does not exist, or is not this app's: correct {scopes}."},
	"unauthorized_client": {fault.VendorRejected, "The LinkedIn app may not do this, or is disabled: look at it in LinkedIn's developer portal."},
	"access_denied":       {fault.VendorRejected, "The LinkedIn app may not do this, or is blocked: look at it in LinkedIn's developer portal."},
	"invalid_client": {
		fault.VendorAuth,
		"LinkedIn does not accept the app's client id and secret: check both in the configuration ({credentials}).",
	},
	"invalid_redirect_uri":  {fault.VendorRejected, remedyAddress},
	"redirect_uri_mismatch": {fault.VendorRejected, remedyAddress},
	"invalid_request": {
		fault.VendorRejected,
		"LinkedIn does not take the link that was made, or the code that came of it, which lives for half an hour: connect the account again. If that " +
			"does not help, check {credentials}, {scopes} and --server-public-url, whose address must be registered with the app.",
	},
	"invalid_grant": {
		fault.VendorRejected,
		"What LinkedIn gave for the member's consent is used, too old or taken back: connect the account again.",
	},
	"unsupported_grant_type": {fault.VendorRejected, "The LinkedIn app may not get tokens in this way: look at it in LinkedIn's developer portal."},
	"unsupported_response_type": {
		fault.VendorRejected,
		"The LinkedIn app may not ask for consents with a code: look at it in LinkedIn's developer portal.",
	},
	"server_error":            {fault.VendorUnavailable, remedyTrouble},
	"temporarily_unavailable": {fault.VendorUnavailable, remedyTrouble},
}

// refineOAuth completes the fault of a refusal of the OAuth endpoints. There 401 is about the app and not about a member's token,
// unless LinkedIn says otherwise.
func (c *Client) refineOAuth(f *fault.Error, body []byte) {
	var e linkedin.OAuthError
	var of refusal // the API's form, which is met there as well
	switch {
	case !answer.Lenient(body, &e):
		f.Answer.Message = string(body)
	case deref(e.Error) != "":
		f.Answer.Code, f.Answer.Message = deref(e.Error), deref(e.ErrorDescription)
	case answer.Lenient(body, &of):
		f.Answer.Code, f.Answer.Message = of.code(), of.Message
	}
	if f.Kind == fault.RateLimited || c.explainOAuth(f) {
		return
	}
	token := of.tokenReason()
	if code := strings.ToUpper(f.Answer.Code); token == "" && isTokenReason(code) {
		token = code
	}
	switch {
	case f.Kind != fault.VendorAuth && f.Kind != fault.VendorRejected:
	case token != "":
		f.Kind, f.Reason = fault.VendorRejected, token
		f.Message = "LinkedIn no longer accepts what it gave for the member's consent: connect the account again."
	case f.Kind == fault.VendorAuth && f.Answer.Code == "":
		f.Message = c.settings.in(oauthErrors["invalid_client"].remedy)
	default:
		f.Kind, f.Reason = fault.VendorRejected, answer.Reason(strings.ToUpper(f.Answer.Code))
		f.Message = "LinkedIn refused to give or to judge a token: connect the account again. If that does not help, LinkedIn's own words say why."
	}
}

// explainOAuth completes a fault whose answer has the code of a known error, and reports whether it has.
func (c *Client) explainOAuth(f *fault.Error) bool {
	code := strings.ToLower(f.Answer.Code)
	known, ok := oauthErrors[code]
	if ok {
		f.Kind, f.Reason, f.Message = known.kind, strings.ToUpper(code), c.settings.in(known.remedy)
	}
	return ok
}

// refusedAsSuccess is the fault of an answer of the OAuth endpoints that has the status of success and lacks what was asked for.
// It may be a refusal all the same, and is one when its code is known; what another code means is in its words.
func (c *Client) refusedAsSuccess(operation string, resp *http.Response, code, description *string, lacks string) error {
	f := c.oauth.Unusable(operation, resp, errors.New("the answer lacks "+lacks))
	f.Answer.Code = fault.Clip(answer.Legible(strings.ToLower(deref(code))), maxConsentCode)
	f.Answer.Message = answer.Legible(deref(description))
	if c.explainOAuth(f) {
		f.Doubt = f.Kind == fault.VendorUnavailable // a refusal changes nothing
	}
	return f
}
