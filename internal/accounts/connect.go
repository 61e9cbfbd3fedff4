package accounts

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/text"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const (
	// consentLife is how long a member may take to consent.
	consentLife = 20 * time.Minute
	// assumedLife is how long a token is assumed to live of which LinkedIn can't be asked or does not say it: as long as
	// LinkedIn's do (authorization code flow: 60 days).
	assumedLife = 60 * day
	// lookUpQueue is how many browsers that came back wait to be looked up, and lookUpWait for how long; a look-up takes less
	// than a millisecond.
	lookUpQueue = 100
	lookUpWait  = 2 * time.Second
	// openConsents is how many consents of one owner may be under way; the oldest makes room.
	openConsents = 20
)

// userInfoWaits are the pauses before LinkedIn is asked again who the member is: right after the exchange of a code it may
// refuse the new token for moments (omniauth-linkedin-oauth2#17).
var userInfoWaits = []time.Duration{300 * time.Millisecond, time.Second, 3 * time.Second}

// WhyAssumed says why the end of a token is assumed.
const WhyAssumed = "60 days after LinkedIn gave it or it was added, because LinkedIn did not say"

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
		return Account{}, noVault()
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

// author asks LinkedIn in whose name posts with the token go out: the member's, or that of a page where the member may
// post.
func (s *Service) author(ctx context.Context, app App, token, organization string) (urn, name string, err error) {
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
	ask := s.linkedIn.UserInfo
	if app.ByMe {
		ask = s.linkedIn.Me
	}
	profile, err := ask(ctx, token)
	if err != nil {
		return "", "", err
	}
	member, err := linkedin.ParseURN("urn:li:person:" + profile.MemberID)
	if err != nil {
		return "", "", fault.New(fault.VendorUnavailable, "LinkedIn named the member in a form that can't be used.").WithCause(err)
	}
	return member.String(), nameOf(profile, member), nil
}

// longestName is how many characters of a name are kept.
const longestName = 200

// nameOf is what a member is called. Not every token, nor every member, has a name to tell, or one that can be seen.
func nameOf(profile linkedin.Profile, member linkedin.URN) string {
	for _, name := range []string{profile.Name, profile.GivenName + " " + profile.FamilyName} {
		if name = legible(name); text.Visible(name) {
			return name
		}
	}
	return member.String()
}

// legible is a name in one line, without what only acts on the text around it, and no longer than any name.
func legible(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.C, r) && r != '\u200c' && r != '\u200d': // the two joiners spell words in Indic and Persian names
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), longestName)]))
}

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

// Consent is a member's consent that is under way.
type Consent struct {
	// URL is where the member's browser goes. It holds the state, which is a secret until it comes back.
	URL     string
	Expires time.Time
	// Warnings say what consenting may break, and what the account could not do after it.
	Warnings []string
}

// ConnectInput asks for an account to be connected by a member's consent.
type ConnectInput struct {
	OwnerID uuid.UUID
	// Organization is the number of the page that is to be the account; "" for the member's own.
	Organization string
	// App is the name of the LinkedIn app to consent to; "" for the first that is for such accounts.
	App string
}

// Connect begins a consent.
func (s *Service) Connect(ctx context.Context, in ConnectInput) (Consent, error) {
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
	candidates, err := s.candidates(in.App, in.Organization != "")
	if err != nil {
		return Consent{}, err
	}
	app := candidates[0]
	target, err := app.API.AuthorizationURL(state, s.settings.CallbackURL, app.Scopes)
	if err != nil {
		return Consent{}, err
	}
	endangered, err := s.endangered(ctx, in.OwnerID, app)
	if err != nil {
		return Consent{}, err
	}
	warnings := missingScopes(app, in.Organization != "")
	if len(endangered) > 0 {
		warnings = append(
			warnings,
			fmt.Sprintf("Members are asked for other scopes (%s) than before: when the member consents, LinkedIn ends the tokens that they gave the app "+
				"earlier. If these accounts are theirs, connect them again afterwards: %s.", strings.Join(app.Scopes, " "),
				fault.Names(endangered, fault.MaxNames)),
		)
	}
	expires := s.now().Add(consentLife)
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		oldest := db.ConsentDeleteOldestParams{OwnerID: in.OwnerID, Keep: openConsents - 1}
		if _, err := s.queries.ConsentDeleteOldest(ctx, tx, oldest); err != nil {
			return err
		}
		_, err := s.queries.ConsentInsert(ctx, tx, db.ConsentInsertParams{
			StateHash: stateHash(state), OwnerID: in.OwnerID, Organization: in.Organization, App: app.Name, ExpiresAt: expires,
		})
		return err
	})
	return Consent{URL: target, Expires: expires, Warnings: warnings}, err
}

func stateHash(state string) []byte {
	sum := sha256.Sum256([]byte(state))
	return sum[:]
}

// take uses a consent up, whatever comes of it. One that nobody waits for, any more or at all, is a Precondition fault; an
// OverLimit fault leaves it as it is.
func (s *Service) take(ctx context.Context, state string) (db.Consent, error) {
	waiting, cancel := context.WithTimeout(ctx, lookUpWait)
	defer cancel()
	release, err := s.lookUps.Acquire(waiting, struct{}{})
	if err != nil {
		f := fault.New(fault.OverLimit, "Too many browsers come back from LinkedIn at this moment.").
			WithReason(limit.ReasonConsents).WithCause(err)
		f.RetryAfter = lookUpWait
		return db.Consent{}, f
	}
	defer release()
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
	app, err := s.app(consent.App)
	if err != nil {
		return Account{}, fault.Newf(
			fault.Precondition,
			"The LinkedIn app %q is not set up any more.",
			consent.App,
		).WithReason("NO_LINKEDIN_APP").WithCause(
			err,
		)
	}
	token, err := app.API.ExchangeCode(ctx, code, s.settings.CallbackURL)
	if err != nil {
		return Account{}, err
	}
	urn, name, err := s.author(ctx, app, token.AccessToken, consent.Organization)
	for _, wait := range userInfoWaits {
		if !fault.Is(err, fault.VendorAuth) {
			break
		}
		select {
		case <-ctx.Done():
			return Account{}, err
		case <-time.After(wait):
		}
		urn, name, err = s.author(ctx, app, token.AccessToken, consent.Organization)
	}
	if err != nil {
		return Account{}, err
	}
	g := s.granted(app, token)
	if g.refreshToken != "" && g.refreshExpiresAt == nil { // as long as LinkedIn's live (programmatic refresh tokens: a year)
		year := s.now().Add(365 * day)
		g.refreshExpiresAt = &year
	}
	return s.keep(ctx, consent.OwnerID, urn, name, g)
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

// Abandon ends a consent that LinkedIn sent the member back from with an error, and the words for it. It returns nil when it
// was the member who did not want to, and a VendorRejected fault with LinkedIn's code and words when it was LinkedIn. Of a
// consent that nobody waits for it is a Precondition fault, with what LinkedIn said all the same: LinkedIn may leave the state
// out of its own errors.
func (s *Service) Abandon(ctx context.Context, state, code, description string) error {
	if state == "" {
		return unclaimed(
			fault.New(fault.Precondition, "LinkedIn sent your browser back without saying from which consent.").WithReason(ReasonStateUnknown),
			code,
			description,
		)
	}
	consent, err := s.take(ctx, state)
	if f := fault.Of(err); f != nil && f.Reason == ReasonStateUnknown {
		return unclaimed(f, code, description)
	}
	if err != nil {
		return err
	}
	return linkedin.RefusedConsent(SettingsOf(consent.App), code, description)
}

// unclaimed adds what LinkedIn said to the fault of a consent that is not known, nor is its app. Whoever wrote the address may
// have made the words up, so only a code that is known, and what to do about it, is shown.
func unclaimed(f *fault.Error, code, description string) error {
	f.Answer = linkedin.ConsentAnswer(code, description)
	if known := linkedin.ConsentCode(code); known != "" {
		anyApp := linkedin.AppSettings{App: "the app's client id and secret", Scopes: "the app's scopes"}
		if refused := fault.Of(linkedin.RefusedConsent(anyApp, known, "")); refused != nil {
			f.Message += " " + refused.Message
		}
	}
	return f
}

// ConsentCode is the code with which LinkedIn sent a member's browser back, if that is why err came to be and it is one of those
// that are known; else "".
func ConsentCode(err error) string {
	if f := fault.Of(err); f != nil && f.Answer != nil && f.Answer.Operation == linkedin.ConsentOperation {
		return linkedin.ConsentCode(f.Answer.Code)
	}
	return ""
}

// Disconnect forgets an account's tokens; the owner's oldest other account becomes the default one where it was. An account
// that is disconnected already stays so.
func (s *Service) Disconnect(ctx context.Context, ownerID, id uuid.UUID) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		now := s.now()
		account, err := s.GetForUpdate(ctx, tx, ownerID, id)
		if err != nil || account.disconnectedAt != nil {
			return notFound(err)
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
