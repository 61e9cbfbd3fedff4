package accounts

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const (
	// consentLife is how long a member may take to consent.
	consentLife = 20 * time.Minute
	// assumedLife is how long a token is assumed to live of which LinkedIn can't be asked: as long as LinkedIn's do (authorization
	// code flow: 60 days).
	assumedLife = 60 * day
	// openConsents is how many consents of one owner may be under way; the oldest makes room.
	openConsents = 20
)

// userInfoWaits are the pauses before LinkedIn is asked again who the member is: right after the exchange of a code it may
// refuse the new token for moments (omniauth-linkedin-oauth2#17).
var userInfoWaits = []time.Duration{300 * time.Millisecond, time.Second, 3 * time.Second}

// DefaultApp is the name of the LinkedIn app that is set by flags of its own.
const DefaultApp = "default"

// WhyAssumed says why the end of a token is assumed.
const WhyAssumed = "60 days after it was added, because LinkedIn was not asked"

// AddInput asks for an account to be kept by a token that is at hand.
type AddInput struct {
	OwnerID uuid.UUID
	Token   string // the member's access token
	// Organization is the number of the page that is to be the account; "" for the member's own.
	Organization string
	// Introspect asks LinkedIn what the token may do and when it ends, which needs the app's client id and secret.
	// Without it the former stays unknown, and the latter is assumed.
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
	grant := grant{token: in.Token, scopes: []string{}}
	urn, name, err := s.author(ctx, in.Token, in.Organization)
	if err != nil {
		return Account{}, err
	}
	if in.Introspect {
		known, err := s.linkedIn.Introspect(ctx, in.Token)
		if err != nil {
			return Account{}, err
		}
		if !known.Active {
			return Account{}, fault.Newf(fault.Precondition, "LinkedIn says that the token is %s: get another.", cmp.Or(known.Status, "not active")).
				WithReason(deadReason(known.Status))
		}
		now := s.now()
		grant.scopes, grant.checkedAt = known.Scopes, &now
		if !known.ExpiresAt.IsZero() {
			grant.expiresAt = &known.ExpiresAt
		}
	}
	if grant.expiresAt == nil {
		assumed := s.now().Add(assumedLife)
		grant.expiresAt, grant.assumed = &assumed, true
	}
	return s.keep(ctx, in.OwnerID, urn, name, grant)
}

// author asks LinkedIn in whose name posts with the token go out: the member's, or that of a page where the member may
// post.
func (s *Service) author(ctx context.Context, token, organization string) (urn, name string, err error) {
	if organization != "" {
		urn := "urn:li:organization:" + organization
		roles, err := s.linkedIn.OrganizationRoles(ctx, token)
		if err != nil {
			return "", "", err
		}
		if !slices.ContainsFunc(roles, func(r linkedin.OrganizationRole) bool { return r.Organization.String() == urn }) {
			return "", "", fault.Newf(fault.Precondition, "LinkedIn names no role with which the member may post as the page %s.", organization).
				WithReason("NO_POSTING_ROLE")
		}
		return urn, "Page " + organization, nil
	}
	profile, err := s.linkedIn.UserInfo(ctx, token)
	if err != nil {
		return "", "", err
	}
	member, err := linkedin.ParseURN("urn:li:person:" + profile.MemberID)
	if err != nil {
		return "", "", fault.New(fault.VendorUnavailable, "LinkedIn named the member in a form that can't be used.").WithCause(err)
	}
	return member.String(), nameOf(profile, member), nil
}

// nameOf is what a member is called. Not every token, nor every member, has a name to tell.
func nameOf(profile linkedin.Profile, member linkedin.URN) string {
	if name := strings.TrimSpace(profile.Name); name != "" {
		return name
	}
	if name := strings.TrimSpace(profile.GivenName + " " + profile.FamilyName); name != "" {
		return name
	}
	return member.String()
}

// grant is what a member gave.
type grant struct {
	token            string
	scopes           []string
	expiresAt        *time.Time
	assumed          bool   // nobody but Postwright says that it ends then
	refreshToken     string // "" when there is none
	refreshExpiresAt *time.Time
	checkedAt        *time.Time // when LinkedIn was asked about the token
}

// keep writes an account down with its tokens sealed, and lets follow what follows a connection.
func (s *Service) keep(ctx context.Context, ownerID uuid.UUID, urn, name string, g grant) (Account, error) {
	row := db.AccountUpsertParams{
		OwnerID: ownerID, URN: urn, DisplayName: name, App: DefaultApp, TokenExpiresAt: g.expiresAt, TokenExpiryAssumed: g.assumed, Scopes: g.scopes, CheckedAt: g.checkedAt, Now: s.now(),
	}
	var err error
	if row.ID, err = uuid.NewV7(); err != nil {
		return Account{}, err
	}
	if row.SealedToken, err = s.vault.seal(g.token, ownerID, urn); err != nil {
		return Account{}, err
	}
	if g.refreshToken != "" {
		row.RefreshTokenExpiresAt = g.refreshExpiresAt
		if row.SealedRefreshToken, err = s.vault.seal(g.refreshToken, ownerID, urn); err != nil {
			return Account{}, err
		}
	}
	var account Account
	err = s.outlast(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		if account, err = s.queries.AccountUpsert(ctx, tx, row); err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, s.follow(Connected, account)...)
	})
	return account, err
}

// Consent is a member's consent that is under way.
type Consent struct {
	// URL is where the member's browser goes. It holds the state, which is a secret until it comes back.
	URL     string
	Expires time.Time
}

// Connect begins a consent. organization is the number of the page that is to be the account, "" for the member's own.
func (s *Service) Connect(ctx context.Context, ownerID uuid.UUID, organization string) (Consent, error) {
	if s.vault == nil {
		return Consent{}, noVault()
	}
	if s.settings.CallbackURL == "" {
		return Consent{}, fault.New(fault.Precondition,
			"Members can't consent yet: set --server-public-url to the address under which browsers reach this server.").WithReason("NO_PUBLIC_URL")
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the program instead
	state := base64.RawURLEncoding.EncodeToString(secret)
	target, err := s.linkedIn.AuthorizationURL(state, s.settings.CallbackURL, s.settings.Scopes)
	if err != nil {
		return Consent{}, err
	}
	expires := s.now().Add(consentLife)
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		if _, err := s.queries.ConsentDeleteOldest(ctx, tx, db.ConsentDeleteOldestParams{OwnerID: ownerID, Keep: openConsents - 1}); err != nil {
			return err
		}
		_, err := s.queries.ConsentInsert(ctx, tx, db.ConsentInsertParams{
			StateHash: stateHash(state), OwnerID: ownerID, Organization: organization, App: DefaultApp, ExpiresAt: expires,
		})
		return err
	})
	return Consent{URL: target, Expires: expires}, err
}

func stateHash(state string) []byte {
	sum := sha256.Sum256([]byte(state))
	return sum[:]
}

// take uses a consent up, whatever comes of it. One that nobody waits for, any more or at all, is a Precondition fault.
func (s *Service) take(ctx context.Context, state string) (db.Consent, error) {
	consent, err := s.queries.ConsentTake(ctx, s.store, stateHash(state))
	if fault.Is(err, fault.NotFound) || (err == nil && !s.now().Before(consent.ExpiresAt)) {
		return consent, fault.New(fault.Precondition, "This consent was used before, or is too old.").
			WithReason(ReasonStateUnknown)
	}
	return consent, err
}

// Complete ends a consent that the member gave: it turns the code into tokens and keeps the account, also when the member's
// browser does not wait for it.
func (s *Service) Complete(ctx context.Context, state, code string) (Account, error) {
	if s.vault == nil {
		return Account{}, noVault()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), consentTimeout)
	defer cancel()
	consent, err := s.take(ctx, state)
	if err != nil {
		return Account{}, err
	}
	token, err := s.linkedIn.ExchangeCode(ctx, code, s.settings.CallbackURL)
	if err != nil {
		return Account{}, err
	}
	urn, name, err := s.author(ctx, token.AccessToken, consent.Organization)
	for _, wait := range userInfoWaits {
		if !fault.Is(err, fault.VendorAuth) {
			break
		}
		select {
		case <-ctx.Done():
			return Account{}, err
		case <-time.After(wait):
		}
		urn, name, err = s.author(ctx, token.AccessToken, consent.Organization)
	}
	if err != nil {
		return Account{}, err
	}
	return s.keep(ctx, consent.OwnerID, urn, name, s.granted(token))
}

// granted is what a token of LinkedIn's grants from now on.
func (s *Service) granted(token linkedin.Token) grant {
	now := s.now()
	expires := now.Add(token.ExpiresIn)
	g := grant{token: token.AccessToken, scopes: token.Scopes, expiresAt: &expires, refreshToken: token.RefreshToken}
	if g.scopes == nil {
		g.scopes = []string{}
	}
	if token.RefreshToken != "" {
		ends := now.Add(token.RefreshTokenExpiresIn)
		g.refreshExpiresAt = &ends
	}
	return g
}

// ConsentOperation is the operation that the answer in Abandon's fault names.
const ConsentOperation = linkedin.ConsentOperation

// Abandon ends a consent that LinkedIn sent the member back from with an error, and the words for it. It returns nil when it
// was the member who did not want to, and a VendorRejected fault with LinkedIn's code and words when it was LinkedIn.
func (s *Service) Abandon(ctx context.Context, state, code, description string) error {
	if _, err := s.take(ctx, state); err != nil {
		return err
	}
	return linkedin.RefusedConsent(code, description)
}

// Disconnect forgets an account's tokens; the owner's oldest other account becomes the default one where it was. An account
// that is disconnected already stays so.
func (s *Service) Disconnect(ctx context.Context, ownerID, id uuid.UUID) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		now := s.now()
		account, err := s.GetForUpdate(ctx, tx, ownerID, id)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, "There is no such account.").WithCause(err)
		}
		if err != nil || account.DisconnectedAt != nil {
			return err
		}
		if _, err := s.queries.AccountDisconnect(ctx, tx, db.AccountDisconnectParams{ID: id, OwnerID: ownerID, Now: now}); err != nil {
			return err
		}
		if _, err := s.queries.AccountPromoteOldest(ctx, tx, db.AccountPromoteOldestParams{OwnerID: ownerID, Now: now}); err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, s.follow(Disconnected, account)...)
	})
}
