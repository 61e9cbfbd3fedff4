// Package accounts owns the LinkedIn accounts that posts go out with: who they are, which of them is the default, and
// their tokens, which only leave it opened for a call at hand.
//
// It must not know posts or publications.
package accounts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Account is a LinkedIn member or page as it is kept; its token is sealed.
type Account = db.LinkedinAccount

// LinkedIn is what this package needs of LinkedIn.
type LinkedIn interface {
	UserInfo(ctx context.Context, token string) (linkedin.Profile, error)
	Person(ctx context.Context, token, id string) (linkedin.Profile, error)
	Introspect(ctx context.Context, token string) (linkedin.Introspection, error)
}

// Service keeps accounts. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	linkedIn LinkedIn
	vault    *Vault
	now      func() time.Time
}

// New returns a Service. vault may be nil: then no token can be sealed or opened, and what needs one says so.
func New(store *postgres.Store, linkedIn LinkedIn, vault *Vault, now func() time.Time) *Service {
	return &Service{store: store, queries: db.New(), linkedIn: linkedIn, vault: vault, now: now}
}

func noVault() error {
	return fault.New(fault.Precondition,
		"No token keyset is configured, so tokens can't be kept: make one with `postwright account keyset` and set POSTWRIGHT_TOKEN_KEYSET.").
		WithReason("NO_TOKEN_KEYSET")
}

// AddInput asks for a member's account to be kept.
type AddInput struct {
	OwnerID uuid.UUID
	Token   string // the member's access token
	// Introspect asks LinkedIn what the token may do and when it ends, which needs the app's client id and secret.
	// Without it both stay unknown.
	Introspect bool
}

// Add asks LinkedIn whose token it is and keeps the account. An account that is there already gets the new token.
func (s *Service) Add(ctx context.Context, in AddInput) (Account, error) {
	if s.vault == nil {
		return Account{}, noVault()
	}
	if strings.TrimSpace(in.Token) == "" {
		return Account{}, fault.Fields(fault.Field{Path: "token", Problem: "must not be empty"})
	}
	profile, err := s.linkedIn.UserInfo(ctx, in.Token)
	if err != nil {
		return Account{}, err
	}
	urn, err := linkedin.ParseURN("urn:li:person:" + profile.MemberID)
	if err != nil {
		return Account{}, fault.New(fault.VendorUnavailable, "LinkedIn named the member in a form that can't be used.").WithCause(err)
	}
	scopes := []string{}
	var expires *time.Time
	if in.Introspect {
		known, err := s.linkedIn.Introspect(ctx, in.Token)
		if err != nil {
			return Account{}, err
		}
		scopes = known.Scopes
		if !known.ExpiresAt.IsZero() {
			expires = &known.ExpiresAt
		}
	}
	sealed, err := s.vault.seal(in.Token, in.OwnerID, urn.String())
	if err != nil {
		return Account{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Account{}, err
	}
	return s.queries.AccountUpsert(ctx, s.store, db.AccountUpsertParams{
		ID: id, OwnerID: in.OwnerID, URN: urn.String(), DisplayName: profile.Name, SealedToken: sealed,
		TokenExpiresAt: expires, Scopes: scopes, Now: s.now(),
	})
}

// List returns the owner's accounts, oldest first.
func (s *Service) List(ctx context.Context, ownerID uuid.UUID) ([]Account, error) {
	return s.queries.AccountListByOwner(ctx, s.store, ownerID)
}

// Find returns an account of the owner, or their default one where id is nil. It takes part in the caller's transaction
// when on is one.
func (s *Service) Find(ctx context.Context, on db.DBTX, ownerID uuid.UUID, id *uuid.UUID) (Account, error) {
	if id != nil {
		account, err := s.queries.AccountGet(ctx, on, db.AccountGetParams{ID: *id, OwnerID: ownerID})
		if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.NotFound, "There is no such account.").WithCause(err)
		}
		return account, err
	}
	account, err := s.queries.AccountGetDefault(ctx, on, ownerID)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.Precondition, "No LinkedIn account is connected: add one with `postwright account add`.").
			WithReason("NO_ACCOUNT").WithCause(err)
	}
	return account, err
}

// Get is Find outside a transaction.
func (s *Service) Get(ctx context.Context, ownerID uuid.UUID, id *uuid.UUID) (Account, error) {
	return s.Find(ctx, s.store, ownerID, id)
}

// Token opens an account's token for the call at hand. Don't keep it, log it or put it into an error.
func (s *Service) Token(account Account) (string, error) {
	if s.vault == nil {
		return "", noVault()
	}
	return s.vault.open(account.SealedToken, account.OwnerID, account.URN)
}

// Profile asks LinkedIn who the account is; nil means the owner's default account. The path depends on what the token
// may: a self-serve token may only ask about itself through OpenID Connect.
func (s *Service) Profile(ctx context.Context, ownerID uuid.UUID, id *uuid.UUID) (linkedin.Profile, error) {
	account, err := s.Get(ctx, ownerID, id)
	if err != nil {
		return linkedin.Profile{}, err
	}
	urn, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return linkedin.Profile{}, err
	}
	if urn.Kind() != linkedin.KindPerson {
		return linkedin.Profile{}, fault.New(fault.Precondition, "The account is a page: only a member has a profile.")
	}
	token, err := s.Token(account)
	if err != nil {
		return linkedin.Profile{}, err
	}
	if len(account.Scopes) == 0 || slices.Contains(account.Scopes, "openid") {
		return s.linkedIn.UserInfo(ctx, token)
	}
	return s.linkedIn.Person(ctx, token, urn.ID())
}
