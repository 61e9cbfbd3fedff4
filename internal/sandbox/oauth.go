package sandbox

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/postwright/postwright/gen/linkedin"
)

// token is an access token.
type token struct {
	memberID   string
	clientID   string // "" for every app's
	scopes     []string
	authorized time.Time // when the member consented
	created    time.Time
	expires    time.Time
	revoked    bool
}

// grant is what a refresh token stands for.
type grant struct {
	memberID   string
	clientID   string
	scopes     []string // nil for the member's
	authorized time.Time
	expires    time.Time // for good: no refresh extends it
}

func (s *Sandbox) checkApp(clientID, clientSecret string) error {
	if app, apps := s.appOf(clientID); apps && (app.ClientID == "" || clientSecret != app.ClientSecret) {
		return refuse(http.StatusUnauthorized, "invalid_client", "Client authentication failed")
	}
	if (s.opts.ClientID != "" && clientID != s.opts.ClientID) || (s.opts.ClientSecret != "" && clientSecret != s.opts.ClientSecret) {
		return refuse(http.StatusUnauthorized, "invalid_client", "Client authentication failed")
	}
	return nil
}

// appOf is the app with an id, the zero App when there is none; apps is false when the sandbox does not tell apps apart.
func (s *Sandbox) appOf(clientID string) (app App, apps bool) {
	for _, app := range s.opts.Apps {
		if app.ClientID == clientID {
			return app, true
		}
	}
	return App{}, len(s.opts.Apps) > 0
}

// CreateAccessToken implements the grants authorization_code and refresh_token.
func (s linkedInServer) CreateAccessToken(
	_ context.Context,
	r linkedin.CreateAccessTokenRequestObject,
) (linkedin.CreateAccessTokenResponseObject, error) {
	if err := s.checkApp(r.Body.ClientId, r.Body.ClientSecret); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) >= maxEntries {
		return nil, refuse(http.StatusServiceUnavailable, "temporarily_unavailable", "The sandbox keeps no more than 100,000 tokens: start it anew")
	}
	switch r.Body.GrantType {
	case linkedin.AuthorizationCode:
		return s.exchange(r.Body)
	case linkedin.RefreshToken:
		return s.refresh(r.Body)
	}
	return nil, refuse(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
}

// exchange turns the code of a consent into a token.
func (s *Sandbox) exchange(body *linkedin.TokenRequest) (linkedin.CreateAccessTokenResponseObject, error) {
	if body.Code == nil || body.RedirectUri == nil {
		return nil, refuse(http.StatusBadRequest, "invalid_request", "code and redirect_uri are required")
	}
	known, there := s.codes[*body.Code]
	delete(s.codes, *body.Code) // once, whatever comes of it
	now := s.opts.Clock()
	if !there || now.After(known.expires) || *body.RedirectUri != known.redirectURI || (known.scopes != nil && body.ClientId != known.clientID) {
		return nil, refuse(http.StatusBadRequest, "invalid_grant", "The code is used, expired, or for another redirect_uri")
	}
	m := s.members[known.memberID]
	if known.scopes != nil {
		s.endOthers(m.ID, known)
	}
	g, refreshToken := &grant{memberID: m.ID, clientID: known.clientID, scopes: known.scopes, authorized: now, expires: now.Add(grantLife)}, ""
	if m.RefreshTokens {
		refreshToken = "sandbox-refresh-" + randomID()
		s.grants[refreshToken] = g
	}
	return s.issue(g, refreshToken), nil
}

// endOthers ends a member's earlier tokens of an app when it has asked for other scopes.
func (s *Sandbox) endOthers(memberID string, consent code) {
	asked := slices.Sorted(slices.Values(consent.scopes))
	for _, t := range s.tokens {
		if t.memberID == memberID && t.clientID == consent.clientID && !slices.Equal(asked, slices.Sorted(slices.Values(t.scopes))) {
			t.revoked = true
		}
	}
}

// refresh turns a refresh token into a new access token. The refresh token stays the same, and so does its end.
func (s *Sandbox) refresh(body *linkedin.TokenRequest) (linkedin.CreateAccessTokenResponseObject, error) {
	if body.RefreshToken == nil {
		return nil, refuse(http.StatusBadRequest, "invalid_request", "refresh_token is required")
	}
	g, there := s.grants[*body.RefreshToken]
	if !there || g.expires.Sub(s.opts.Clock()) < time.Second { // the unit of what is left
		return nil, refuse(http.StatusBadRequest, "invalid_grant", "The refresh token is unknown, revoked or expired")
	}
	return s.issue(g, *body.RefreshToken), nil
}

// issue makes an access token of a grant, which it does not outlive.
func (s *Sandbox) issue(g *grant, refreshToken string) linkedin.CreateAccessToken200JSONResponse {
	now, m := s.opts.Clock(), s.members[g.memberID]
	left := g.expires.Sub(now)
	life := min(tokenLife, left)
	scopes := m.Scopes
	if g.scopes != nil {
		scopes = g.scopes
	}
	access, expiresIn, scope := "sandbox-"+randomID(), int64(life/time.Second), strings.Join(scopes, ",")
	s.tokens[access] = &token{memberID: m.ID, clientID: g.clientID, scopes: scopes, authorized: g.authorized, created: now, expires: now.Add(life)}
	answer := linkedin.CreateAccessToken200JSONResponse{AccessToken: &access, ExpiresIn: &expiresIn, Scope: &scope}
	if refreshToken != "" {
		refreshExpiresIn := int64(left / time.Second)
		answer.RefreshToken, answer.RefreshTokenExpiresIn = &refreshToken, &refreshExpiresIn
	}
	return answer
}

// IntrospectToken implements token introspection.
func (s linkedInServer) IntrospectToken(_ context.Context, r linkedin.IntrospectTokenRequestObject) (linkedin.IntrospectTokenResponseObject, error) {
	if err := s.checkApp(r.Body.ClientId, r.Body.ClientSecret); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, known := s.tokens[r.Body.Token]
	if _, apps := s.appOf(r.Body.ClientId); apps && known && t.clientID != "" && t.clientID != r.Body.ClientId {
		known = false
	}
	active := known && !t.revoked && s.opts.Clock().Before(t.expires)
	if !known {
		return linkedin.IntrospectToken200JSONResponse{Active: &active}, nil
	}
	status := "active"
	switch {
	case t.revoked:
		status = "revoked"
	case !active:
		status = "expired"
	}
	authorized, created, expires := t.authorized.Unix(), t.created.Unix(), t.expires.Unix()
	scope, kind := strings.Join(t.scopes, ","), "3L"
	return linkedin.IntrospectToken200JSONResponse{
		Active: &active, Status: &status, CreatedAt: &created, AuthorizedAt: &authorized, ExpiresAt: &expires,
		Scope: &scope, AuthType: &kind, ClientId: &r.Body.ClientId,
	}, nil
}
