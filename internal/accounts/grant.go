package accounts

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// WhyAssumed says why the end of a token is assumed.
const WhyAssumed = "60 days after LinkedIn gave it or it was added, because LinkedIn did not say"

// grant is what a member gave.
type grant struct {
	app              App
	token            string
	scopes           []string
	expiresAt        *time.Time
	assumed          bool   // nobody but Postwright says that it ends then
	refreshToken     string // "" when there is none
	refreshExpiresAt *time.Time
	checkedAt        *time.Time // when LinkedIn was asked about the token
}

// sealGrant seals a grant's tokens; refreshToken is nil when there is none.
func (s *Service) sealGrant(g grant, ownerID uuid.UUID, urn string) (token, refreshToken []byte, err error) {
	if token, err = s.vault.seal(g.token, ownerID, urn); err != nil || g.refreshToken == "" {
		return token, nil, err
	}
	refreshToken, err = s.vault.seal(g.refreshToken, ownerID, urn)
	return token, refreshToken, err
}

// keep writes an account down with its tokens sealed, and lets follow what follows a connection.
func (s *Service) keep(ctx context.Context, ownerID uuid.UUID, urn, name string, g grant) (Account, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Account{}, err
	}
	token, refreshToken, err := s.sealGrant(g, ownerID, urn)
	if err != nil {
		return Account{}, err
	}
	if refreshToken == nil {
		g.refreshExpiresAt = nil
	}
	row := db.AccountUpsertParams{
		ID:                    id,
		OwnerID:               ownerID,
		URN:                   urn,
		DisplayName:           name,
		App:                   g.app.Name,
		SealedToken:           token,
		TokenExpiresAt:        g.expiresAt,
		TokenExpiryAssumed:    g.assumed,
		Scopes:                g.scopes,
		SealedRefreshToken:    refreshToken,
		RefreshTokenExpiresAt: g.refreshExpiresAt,
		CheckedAt:             g.checkedAt,
		Now:                   s.now(),
	}
	var account Account
	err = s.persist(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		if account, err = FromRow(s.queries.AccountUpsert(ctx, tx, row)); err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, s.follow(Connected, account)...)
	})
	return account, err
}

// granted is what a token of LinkedIn's grants from now on. An end that LinkedIn did not tell is assumed, until it is asked.
func (s *Service) granted(app App, token linkedin.Token) grant {
	now := s.now()
	expires := now.Add(cmp.Or(token.ExpiresIn, assumedLife))
	g := grant{
		app: app, token: token.AccessToken, scopes: token.Scopes, expiresAt: &expires, assumed: token.ExpiresIn == 0, refreshToken: token.RefreshToken,
	}
	if g.scopes == nil {
		g.scopes = []string{}
	}
	if token.RefreshToken != "" && token.RefreshTokenExpiresIn > 0 {
		ends := now.Add(token.RefreshTokenExpiresIn)
		g.refreshExpiresAt = &ends
	}
	return g
}
