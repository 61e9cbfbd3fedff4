package linkedin

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Token is what LinkedIn gives for a consent or a refresh.
type Token struct {
	AccessToken  string
	ExpiresIn    time.Duration // 0 when LinkedIn did not say
	Scopes       []string
	RefreshToken string // "" for apps that get none
	// RefreshTokenExpiresIn counts from the first consent, not from the last refresh; 0 when LinkedIn did not say.
	RefreshTokenExpiresIn time.Duration
}

// AuthorizationURL is where a member's browser goes to consent; it comes back to redirectURI with the state and a code.
// Asking for other scopes than before ends the member's earlier tokens of the app (token-introspection), so ask for all
// that are needed, always.
func (c *Client) AuthorizationURL(state, redirectURI string, scopes []string) (string, error) {
	if err := c.needApp(); err != nil {
		return "", err
	}
	query := url.Values{
		"response_type": {"code"}, "client_id": {c.cfg.ClientID}, "redirect_uri": {redirectURI}, "state": {state}, "scope": {strings.Join(scopes, " ")},
	}
	return strings.TrimSuffix(c.cfg.AuthURL, "/") + "/oauth/v2/authorization?" + query.Encode(), nil
}

// ExchangeCode turns the code of a consent into a token. A code works once and for 30 minutes.
func (c *Client) ExchangeCode(ctx context.Context, code, redirectURI string) (Token, error) {
	return c.token(ctx, linkedin.TokenRequest{GrantType: linkedin.AuthorizationCode, Code: &code, RedirectUri: &redirectURI})
}

// RefreshToken turns a refresh token into a new access token.
func (c *Client) RefreshToken(ctx context.Context, refreshToken string) (Token, error) {
	return c.token(ctx, linkedin.TokenRequest{GrantType: linkedin.RefreshToken, RefreshToken: &refreshToken})
}

func (c *Client) token(ctx context.Context, request linkedin.TokenRequest) (Token, error) {
	const operation = "createAccessToken"
	if err := c.needApp(); err != nil {
		return Token{}, err
	}
	request.ClientId, request.ClientSecret = c.cfg.ClientID, c.cfg.ClientSecret
	resp, err := c.auth.CreateAccessTokenWithFormdataBody(outbound.WithOperation(ctx, operation), request)
	found, err := answer.Decode[linkedin.Token](c.oauth, operation, http.StatusOK, resp, err)
	if err != nil {
		return Token{}, err
	}
	if deref(found.AccessToken) == "" {
		return Token{}, c.refusedAsSuccess(operation, resp, found.Error, found.ErrorDescription, "a token")
	}
	// What is given is kept, whatever is said of how long it lives: the code, or the refresh token, is used up.
	return Token{
		AccessToken: deref(found.AccessToken), ExpiresIn: lasts(found.ExpiresIn), Scopes: scopes(deref(found.Scope)),
		RefreshToken: deref(found.RefreshToken), RefreshTokenExpiresIn: lasts(found.RefreshTokenExpiresIn),
	}, nil
}

// lasts is how long a token lives; 0 when LinkedIn does not say, or says what can't be.
func lasts(seconds *int64) time.Duration {
	if !lifetime(deref(seconds)) {
		return 0
	}
	return time.Duration(*seconds) * time.Second
}

// Introspection is what LinkedIn knows of a token.
type Introspection struct {
	Active    bool
	Status    string    // active, expired or revoked
	ExpiresAt time.Time // zero when LinkedIn does not say, or says what can't be: not in the next ten years
	Scopes    []string
}

// Introspect asks what a token may do and until when. It needs the app's client id and secret and costs no post quota.
func (c *Client) Introspect(ctx context.Context, token string) (Introspection, error) {
	const operation = "introspectToken"
	if err := c.needApp(); err != nil {
		return Introspection{}, err
	}
	resp, err := c.auth.IntrospectTokenWithFormdataBody(outbound.WithOperation(ctx, operation), linkedin.IntrospectionRequest{
		ClientId: c.cfg.ClientID, ClientSecret: c.cfg.ClientSecret, Token: token,
	})
	found, err := answer.Decode[linkedin.Introspection](c.oauth, operation, http.StatusOK, resp, err)
	if err != nil {
		return Introspection{}, err
	}
	if found.Active == nil {
		return Introspection{}, c.refusedAsSuccess(operation, resp, found.Error, found.ErrorDescription, "active")
	}
	known := Introspection{Active: *found.Active, Status: deref(found.Status), Scopes: scopes(deref(found.Scope))}
	// Compared as seconds: a number of any size can stand there, and none must become a time that can't be.
	if ends, now := deref(found.ExpiresAt), c.now().Unix(); ends > now && lifetime(ends-now) {
		known.ExpiresAt = time.Unix(ends, 0)
	}
	return known, nil
}

// needApp refuses what can't be asked without the app's client id and secret.
func (c *Client) needApp() error {
	if c.cfg.ClientID == "" {
		return fault.New(fault.Precondition,
			"LinkedIn's client id and secret are not configured: set "+c.settings.App+", as the app's page at LinkedIn shows them.").
			WithReason("NO_LINKEDIN_APP")
	}
	return nil
}

// lifetime reports whether seconds can be how long a token lives: LinkedIn gives 60 days and 365 days.
func lifetime(seconds int64) bool {
	const tenYears = 10 * 366 * 24 * 60 * 60
	return 0 < seconds && seconds < tenYears
}

// scopes splits a list that introspection separates by commas and the token endpoint by spaces or commas. What can't be the name
// of a scope is none.
func scopes(list string) []string {
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	return slices.DeleteFunc(words, func(word string) bool { return !scopeForm.MatchString(word) })
}

var scopeForm = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,100}$`)
