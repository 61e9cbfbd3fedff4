package linkedin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Token is what LinkedIn gives for a consent or a refresh.
type Token struct {
	AccessToken           string
	ExpiresIn             time.Duration
	Scopes                []string
	RefreshToken          string        // "" for apps that get none
	RefreshTokenExpiresIn time.Duration // counts from the first consent, not from the last refresh
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
	request.ClientId, request.ClientSecret = c.cfg.ClientID, c.cfg.ClientSecret
	resp, err := c.auth.CreateAccessTokenWithFormdataBody(outbound.WithOperation(ctx, operation), request)
	found, err := answer.Decode[linkedin.Token](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return Token{}, err
	}
	if deref(found.AccessToken) == "" || deref(found.ExpiresIn) <= 0 {
		return Token{}, c.answer.Unusable(operation, errors.New("the answer lacks a token or its lifetime"))
	}
	return Token{
		AccessToken: deref(found.AccessToken), ExpiresIn: time.Duration(*found.ExpiresIn) * time.Second, Scopes: scopes(deref(found.Scope)),
		RefreshToken: deref(found.RefreshToken), RefreshTokenExpiresIn: time.Duration(deref(found.RefreshTokenExpiresIn)) * time.Second,
	}, nil
}

// Introspection is what LinkedIn knows of a token.
type Introspection struct {
	Active    bool
	Status    string // active, expired or revoked
	ExpiresAt time.Time
	Scopes    []string
}

// Introspect asks what a token may do and until when. It needs the app's client id and secret and costs no post quota.
func (c *Client) Introspect(ctx context.Context, token string) (Introspection, error) {
	const operation = "introspectToken"
	resp, err := c.auth.IntrospectTokenWithFormdataBody(outbound.WithOperation(ctx, operation), linkedin.IntrospectionRequest{
		ClientId: c.cfg.ClientID, ClientSecret: c.cfg.ClientSecret, Token: token,
	})
	found, err := answer.Decode[linkedin.Introspection](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return Introspection{}, err
	}
	if found.Active == nil {
		return Introspection{}, c.answer.Unusable(operation, errors.New("the answer lacks active"))
	}
	known := Introspection{Active: *found.Active, Status: deref(found.Status), Scopes: scopes(deref(found.Scope))}
	if found.ExpiresAt != nil {
		known.ExpiresAt = time.Unix(*found.ExpiresAt, 0)
	}
	return known, nil
}

// scopes splits a list that introspection separates by commas and the token endpoint by spaces or commas.
func scopes(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
