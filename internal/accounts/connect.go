package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/postgres"
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
		return Consent{}, NoKeyset("tokens")
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
		return Account{}, NoKeyset("tokens")
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
