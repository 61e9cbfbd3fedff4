package linkedin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestOAuthRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		kind    fault.Kind
		reason  string
		message string
	}{
		"another secret": {
			401, `{"error":"invalid_client","error_description":"Client authentication failed"}`,
			fault.VendorAuth, "INVALID_CLIENT", "check both in the configuration",
		},
		"a code used before": {
			400, `{"error":"invalid_grant","error_description":"The code is used"}`,
			fault.VendorRejected, "INVALID_GRANT", "connect the account again",
		},
		"another secret, as a bad request": {
			400, `{"error":"invalid_client","error_description":"Client authentication failed"}`,
			fault.VendorAuth, "INVALID_CLIENT", "check both in the configuration",
		},
		"a code that does not match": {
			401,
			`{"error":"invalid_request","error_description":"Unable to retrieve access token: appid/redirect uri/code verifier does not match ` +
				`authorization code. Or authorization code expired."}`,
			fault.VendorRejected,
			"INVALID_REQUEST",
			"connect the account again",
		},
		"another redirection": {
			400, `{"error":"invalid_redirect_uri","error_description":"does not match"}`,
			fault.VendorRejected, "INVALID_REDIRECT_URI", "Register the address",
		},
		"an app that is disabled": {
			400, `{"error":"unauthorized_client","error_description":"app disabled"}`,
			fault.VendorRejected, "UNAUTHORIZED_CLIENT", "developer portal",
		},
		"an app that is disabled, as unauthorized": {
			401, `{"error":"unauthorized_client","error_description":"app disabled"}`,
			fault.VendorRejected, "UNAUTHORIZED_CLIENT", "developer portal",
		},
		"an app that is blocked": {
			403, `{"error":"access_denied","error_description":"app is blocked"}`,
			fault.VendorRejected, "ACCESS_DENIED", "developer portal",
		},
		"a refusal with the status of a failure": {
			500, `{"error":"invalid_grant","error_description":"expired"}`,
			fault.VendorRejected, "INVALID_GRANT", "connect the account again",
		},
		"LinkedIn's trouble, as a bad request": {
			400, `{"error":"server_error","error_description":"m"}`,
			fault.VendorUnavailable, "SERVER_ERROR", "LinkedIn has trouble",
		},
		"a code nobody knows": {
			401, `{"error":"brand_new","error_description":"m"}`,
			fault.VendorRejected, "BRAND_NEW", "LinkedIn's own words",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, test.status, nil, test.body)
			_, err := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
			f := fault.Of(err)
			require.Equal(t, test.kind.String(), f.Kind.String())
			require.Equal(t, test.reason, f.Reason)
			require.Contains(t, f.Message, test.message)
			require.Equal(t, strings.ToLower(test.reason), f.Answer.Code)
			require.NotEmpty(t, f.Answer.Message)
		})
	}
}

// Not all of LinkedIn's refusals at the OAuth endpoints are of OAuth's form, or have the status of one.
func TestOAuthRefusalsOfAnotherForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		kind    fault.Kind
		reason  string
		message string
		words   string
	}{
		"a revoked token, by its number": {
			401, `{"serviceErrorCode":65601,"message":"revoked","status":401}`,
			fault.VendorRejected, linkedin.ReasonRevokedToken, "connect the account again", "revoked",
		},
		"an expired token, by its code": {
			401, `{"code":"EXPIRED_ACCESS_TOKEN","message":"expired"}`,
			fault.VendorRejected, linkedin.ReasonExpiredToken, "connect the account again", "expired",
		},
		"nothing at all": {401, ``, fault.VendorAuth, "", "check both in the configuration", ""},
		"a page":         {400, `<html>`, fault.VendorRejected, "", "LinkedIn refused to give or to judge a token", "<html>"},
		"a known refusal with the status of success": {
			200, `{"error":"invalid_grant","error_description":"expired"}`,
			fault.VendorRejected, "INVALID_GRANT", "connect the account again", "expired",
		},
		"another secret, with the status of success": {
			200, `{"error":"invalid_client"}`, fault.VendorAuth, "INVALID_CLIENT", "check both in the configuration", "",
		},
		"an unknown refusal with the status of success": {
			200, `{"error":"brand_new","error_description":"words"}`, fault.VendorUnavailable, "BAD_ANSWER", "can't be used", "words",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, c.status, nil, c.body)
			_, exchanged := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
			_, refreshed := client.RefreshToken(t.Context(), "token")
			_, introspected := client.Introspect(t.Context(), "token")
			for _, err := range []error{exchanged, refreshed, introspected} {
				f := fault.Of(err)
				require.Equal(t, c.kind.String(), f.Kind.String())
				require.Equal(t, c.reason, f.Reason)
				require.Contains(t, f.Message, c.message)
				require.Equal(t, c.words, f.Answer.Message)
			}
		})
	}
}

// The page for consents and the token endpoint say the same with the same code.
func TestAnOAuthErrorMeansTheSameWhereverItIsSaid(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"invalid_client", "unauthorized_client", "invalid_redirect_uri", "invalid_request", "invalid_scope", "server_error"} {
		client, _ := serve(t, nil, 400, nil, fmt.Sprintf(`{"error":%q,"error_description":"m"}`, code))
		_, err := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
		require.Contains(t, fault.Of(linkedin.RefusedConsent(linkedin.SettingsByFlags, code, "m")).Message, fault.Of(err).Message)
		require.Equal(t, fault.Of(linkedin.RefusedConsent(linkedin.SettingsByFlags, code, "m")).Reason, fault.Of(err).Reason)
	}
}

// A server says access_denied as well, of an app: that was told as the member's own refusal, and the log had no reason.
func TestOnlyTheMembersOwnRefusalIsToldAsOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, description string
		own               bool
	}{
		"at the log-in":                    {"user_cancelled_login", "The user cancelled LinkedIn login", true},
		"at the consent":                   {"user_cancelled_authorize", "", true},
		"in other letters":                 {"User_Cancelled_Authorize", "", true},
		"denied, without a word":           {"access_denied", "", true},
		"denied, by the user":              {"access_denied", "the user denied your request", true},
		"denied, in the RFC's words":       {"access_denied", "The resource owner or authorization server denied the request.", true},
		"denied, as the member did not":    {"access_denied", "The member has not given consent", true},
		"denied, to the app":               {"access_denied", "The application is blocked", false},
		"denied, to the app, of members":   {"access_denied", "This application may not access data of a member", false},
		"denied, to the app, in capitals":  {"ACCESS_DENIED", "The application is blocked", false},
		"a scope, in other letters":        {"Unauthorized_Scope_Error", "x", false},
		"a code that begins as a member's": {"user_cancelled", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := linkedin.RefusedConsent(linkedin.SettingsByFlags, c.code, c.description)
			if c.own {
				require.NoError(t, err)
				return
			}
			f := fault.Of(err)
			require.NotNil(t, f)
			require.Contains(t, f.Message, c.code)
			require.Contains(t, f.Message, c.description)
			require.Equal(t, linkedin.ConsentCode(c.code) == "", f.Reason == "", "a code that is known has its remedy")
		})
	}
}

// What LinkedIn said with the status of success was lost, since its answer may hold what it was sent.
func TestARefusalWithTheStatusOfSuccessKeepsItsWordsWithoutSecrets(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"error":"brand_new","error_description":"The token AQX-of-the-member is \u0000 unknown","access_token":""}`)
	_, refreshed := client.RefreshToken(t.Context(), "AQX-of-the-member")
	_, exchanged := client.ExchangeCode(t.Context(), "AQX-of-the-member", "https://postwright.example/back")
	_, introspected := client.Introspect(t.Context(), "AQX-of-the-member")
	for _, err := range []error{refreshed, exchanged, introspected} {
		f := fault.Of(err)
		require.Equal(t, "brand_new", f.Answer.Code)
		require.Equal(t, "The token [redacted] is \uFFFD unknown", f.Answer.Message)
	}
}

func TestARemedyNamesTheSettingsOfTheAppThatAsked(t *testing.T) {
	t.Parallel()
	pages := linkedin.AppSettings{App: "the credentials of pages", Scopes: "the scopes of pages"}
	for body, settings := range map[string]string{
		`{"error":"invalid_client"}`:           pages.App,
		`{"error":"unauthorized_scope_error"}`: pages.Scopes,
		`{"error":"invalid_request"}`:          pages.App + ", " + pages.Scopes,
		``:                                     pages.App,
	} {
		client, _ := serve(t, nil, 401, nil, body)
		_, err := client.WithApp("other", "secret", pages).ExchangeCode(t.Context(), "code", "https://postwright.example/back")
		require.Contains(t, fault.Of(err).Message, settings)
		_, err = client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
		require.Contains(t, fault.Of(err).Message, "--linkedin-", "the default app's")
		_, err = client.WithApp("", "", pages).AuthorizationURL("state", "https://postwright.example/back", nil)
		require.Contains(t, fault.Of(err).Message, pages.App)
	}
}
