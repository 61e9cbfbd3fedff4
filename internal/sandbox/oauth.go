package sandbox

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postwright/postwright/gen/linkedin"
)

// token is an access token.
type token struct {
	memberID string
	scopes   []string
	created  time.Time
	expires  time.Time
	revoked  bool
}

// code is a consent that waits to be turned into a token.
type code struct {
	memberID, redirectURI string
	expires               time.Time
}

func (s *Sandbox) newToken(m Member) *token {
	now := s.opts.Clock()
	return &token{memberID: m.ID, scopes: slices.Clone(m.Scopes), created: now, expires: now.Add(tokenLife)}
}

// authorize is LinkedIn's consent page, where the member named by login_hint, or the only one there is, consents at once.
func (s *Sandbox) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	target, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || !target.IsAbs() || query.Get("response_type") != "code" {
		http.Error(w, "redirect_uri must be absolute and response_type must be code", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	memberID := query.Get("login_hint")
	if memberID == "" && len(s.members) == 1 {
		for id := range s.members {
			memberID = id
		}
	}
	if _, there := s.members[memberID]; !there {
		http.Error(w, "login_hint must be the id of a member", http.StatusBadRequest)
		return
	}
	if len(s.codes) >= maxEntries {
		now := s.opts.Clock()
		maps.DeleteFunc(s.codes, func(_ string, c code) bool { return now.After(c.expires) })
	}
	if len(s.codes) >= maxEntries {
		http.Error(w, "the sandbox keeps no more than 100,000 codes: exchange some, or wait until they expire", http.StatusServiceUnavailable)
		return
	}
	fresh := randomID()
	s.codes[fresh] = code{memberID: memberID, redirectURI: query.Get("redirect_uri"), expires: s.opts.Clock().Add(codeLife)}
	back := target.Query()
	back.Set("code", fresh)
	back.Set("state", query.Get("state"))
	target.RawQuery = back.Encode()
	http.Redirect(w, r, target.String(), http.StatusFound) //nolint:gosec // sending the browser back to whoever asked is what a consent page does
}

func (s *Sandbox) checkApp(clientID, clientSecret string) error {
	if (s.opts.ClientID != "" && clientID != s.opts.ClientID) || (s.opts.ClientSecret != "" && clientSecret != s.opts.ClientSecret) {
		return refuse(http.StatusUnauthorized, "invalid_client", "Client authentication failed")
	}
	return nil
}

// CreateAccessToken implements the grant authorization_code.
func (s linkedInServer) CreateAccessToken(_ context.Context, r linkedin.CreateAccessTokenRequestObject) (linkedin.CreateAccessTokenResponseObject, error) {
	if err := s.checkApp(r.Body.ClientId, r.Body.ClientSecret); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Body.GrantType != linkedin.AuthorizationCode:
		// Refresh tokens are for approved apps alone, and the sandbox's app is none.
		return nil, refuse(http.StatusBadRequest, "unsupported_grant_type", "Only codes can be exchanged here")
	case r.Body.Code == nil || r.Body.RedirectUri == nil:
		return nil, refuse(http.StatusBadRequest, "invalid_request", "code and redirect_uri are required")
	case len(s.tokens) >= maxEntries:
		return nil, refuse(http.StatusServiceUnavailable, "temporarily_unavailable", "The sandbox keeps no more than 100,000 tokens: start it anew")
	}
	known, there := s.codes[*r.Body.Code]
	delete(s.codes, *r.Body.Code) // once, whatever comes of it
	if !there || s.opts.Clock().After(known.expires) || *r.Body.RedirectUri != known.redirectURI {
		return nil, refuse(http.StatusBadRequest, "invalid_grant", "The code is used, expired, or for another redirect_uri")
	}
	m, there := s.members[known.memberID]
	if !there {
		return nil, refuse(http.StatusBadRequest, "invalid_grant", "The grant is not valid")
	}
	access, expiresIn, scope := "sandbox-"+randomID(), int64(tokenLife/time.Second), strings.Join(m.Scopes, ",")
	s.tokens[access] = s.newToken(m)
	return linkedin.CreateAccessToken200JSONResponse{AccessToken: &access, ExpiresIn: &expiresIn, Scope: &scope}, nil
}

// IntrospectToken implements token introspection.
func (s linkedInServer) IntrospectToken(_ context.Context, r linkedin.IntrospectTokenRequestObject) (linkedin.IntrospectTokenResponseObject, error) {
	if err := s.checkApp(r.Body.ClientId, r.Body.ClientSecret); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, known := s.tokens[r.Body.Token]
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
	created, expires, scope, kind := t.created.Unix(), t.expires.Unix(), strings.Join(t.scopes, ","), "3L"
	return linkedin.IntrospectToken200JSONResponse{
		Active: &active, Status: &status, CreatedAt: &created, AuthorizedAt: &created, ExpiresAt: &expires,
		Scope: &scope, AuthType: &kind, ClientId: &r.Body.ClientId,
	}, nil
}
