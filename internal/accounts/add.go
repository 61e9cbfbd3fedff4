package accounts

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
)

// AddInput asks for an account to be added by a token that somebody has already.
type AddInput struct {
	OwnerID uuid.UUID
	Token   string // the member's access token
	// Organization is the number of the page that is to be the account; "" for the member's own.
	Organization string
	// App is the name of the LinkedIn app that the token is of; "" to find out, where LinkedIn can be asked.
	App string
}

// Add asks LinkedIn whose token it is and keeps the account. An account that is there already gets the new token. What the token
// may do and when it ends LinkedIn tells an app with client id and secret; else the former stays unknown, and the latter is
// assumed.
func (s *Service) Add(ctx context.Context, in AddInput) (Account, error) {
	if s.vault == nil {
		return Account{}, NoKeyset("tokens")
	}
	if strings.TrimSpace(in.Token) == "" {
		return Account{}, fault.Fields(fault.Field{Path: "token", Problem: "must not be empty"})
	}
	grant, err := s.examine(ctx, in)
	if err != nil {
		return Account{}, err
	}
	urn, name, err := s.author(ctx, grant.app, in.Token, in.Organization)
	if err != nil {
		return Account{}, err
	}
	return s.keep(ctx, in.OwnerID, urn, name, grant)
}

// examine finds out which app a token is of, what it may do and when it ends, as far as LinkedIn can be asked.
func (s *Service) examine(ctx context.Context, in AddInput) (grant, error) {
	candidates, err := s.candidates(in.App, in.Organization != "")
	if err != nil {
		return grant{}, err
	}
	now := s.now()
	g := grant{app: candidates[0], token: in.Token, scopes: []string{}}
	var status string // how the token died, as the app that knows it was told
	var failed error  // of apps that LinkedIn did not answer: the token may be theirs
	found := false    // the token's app, or one that can't ask and may be it
	for _, app := range candidates {
		if !app.Configured {
			g.app, found = app, true // those that can ask come first
			break
		}
		known, err := app.API.Introspect(ctx, in.Token)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if known.Active {
			g.app, g.scopes, g.checkedAt, found, failed, status = app, known.Scopes, &now, true, nil, ""
			if !known.ExpiresAt.IsZero() {
				g.expiresAt = &known.ExpiresAt
			}
			break
		}
		if dead(known.Status) {
			status = known.Status
		}
	}
	switch {
	case status != "" || failed == nil && !found:
		return grant{}, fault.Newf(fault.VendorAuth, "LinkedIn says that the token is %s: get another.", cmp.Or(status, "not one of this app's")).
			WithReason(deadReason(status))
	case failed != nil:
		return grant{}, failed
	}
	if g.expiresAt == nil {
		assumed := now.Add(assumedLife)
		g.expiresAt, g.assumed = &assumed, true
	}
	return g, nil
}
