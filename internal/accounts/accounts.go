// Package accounts owns the LinkedIn accounts that posts go out with: who they are, which of them is the default, how they
// stand, and their tokens, which leave it, opened, only for a call at hand. It knows the LinkedIn apps that gave the tokens, and
// what the scopes come to that those ask for.
//
// It must not know posts or publications.
package accounts

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Reasons of the faults made here.
const (
	// ReasonNotFound marks the fault of an account that is not there, or is somebody else's.
	ReasonNotFound = "ACCOUNT_NOT_FOUND"
	// ReasonDisconnected marks the fault of an account that was disconnected.
	ReasonDisconnected = "ACCOUNT_DISCONNECTED"
	// ReasonNoKeyset marks the fault of what needs sealed tokens where nothing can seal them.
	ReasonNoKeyset = "NO_TOKEN_KEYSET"
	// ReasonStateUnknown marks the fault of a consent that nobody waits for.
	ReasonStateUnknown = "CONSENT_STATE_UNKNOWN"
)

// LinkedIn is what this package needs of LinkedIn.
type LinkedIn interface {
	UserInfo(ctx context.Context, token string) (linkedin.Profile, error)
	Me(ctx context.Context, token string) (linkedin.Profile, error)
	Person(ctx context.Context, token, id string) (linkedin.Profile, error)
	OrganizationRoles(ctx context.Context, token string) ([]linkedin.OrganizationRole, error)
}

// Event is something that happened to an account.
type Event string

// The events that others may follow up.
const (
	Connected    Event = "connected"    // it has a token of a member's giving
	Renewed      Event = "renewed"      // it has a new token by itself
	Paused       Event = "paused"       // nothing goes out until it is connected again
	Expiring     Event = "expiring"     // its token ends within days
	Disconnected Event = "disconnected" // its tokens are gone
)

// Follow names the jobs that follow an event. They are inserted in the transaction of the event.
type Follow func(event Event, account Account) []river.JobArgs

// Settings are the operator's.
type Settings struct {
	// CallbackURL is where members' browsers come back to, as it is registered with the LinkedIn app; "" when consents
	// are not set up.
	CallbackURL string
	// Apps are the LinkedIn apps, the default one first.
	Apps []App
	// Quota is what LinkedIn takes of an account in a day.
	Quota Quota
	// ConsentLookUps is how many consents are looked up at once as browsers come back, 1 at least: anybody can come with
	// a state that they made up, and none of them may keep the database from the others.
	ConsentLookUps int
}

// Service keeps accounts. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	jobs     *jobs.Client
	linkedIn LinkedIn
	vault    *Vault
	follow   Follow
	settings Settings
	lookUps  *limit.Shares[struct{}] // of consents, everybody's together
	now      func() time.Time
}

// Dependencies are what a Service works with; it needs all of them but the vault.
type Dependencies struct {
	Store    *postgres.Store
	Jobs     *jobs.Client
	LinkedIn LinkedIn
	// Vault may be nil: then no token can be sealed or opened, and what needs one says so.
	Vault    *Vault
	Follow   Follow
	Settings Settings
	Now      func() time.Time
}

// New returns a Service. Its workers still have to be registered: see Register.
func New(on Dependencies) *Service {
	return &Service{
		store: on.Store, queries: db.New(), jobs: on.Jobs, linkedIn: on.LinkedIn, vault: on.Vault, follow: on.Follow, settings: on.Settings,
		lookUps: limit.NewShares[struct{}](limit.Room{Slots: max(on.Settings.ConsentLookUps, 1), Queue: lookUpQueue}), now: on.Now,
	}
}

// Register adds the package's workers, and what it does every so often, to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	river.AddWorker(client.Workers(), &sweepWorker{service: s})
	river.AddWorker(client.Workers(), &checkWorker{service: s})
	client.Every(SweepEvery, SweepAccountsArgs{})
}

// NoKeyset is the fault of what has to be sealed, such as "tokens", where there is no keyset to do it with.
func NoKeyset(what string) error {
	return fault.Newf(fault.Precondition,
		"No token keyset is configured, so %s can't be kept: make one with `postwright account keyset` and set POSTWRIGHT_TOKEN_KEYSET.", what).
		WithReason(ReasonNoKeyset)
}

// List returns the owner's accounts that are connected, oldest first.
func (s *Service) List(ctx context.Context, ownerID uuid.UUID) ([]Account, error) {
	return fromRows(s.queries.AccountListByOwner(ctx, s.store, ownerID))
}

// Find returns an account of the owner, or their default one where id is nil. It takes part in the caller's transaction
// when on is one.
func (s *Service) Find(ctx context.Context, on db.DBTX, ownerID uuid.UUID, id *uuid.UUID) (Account, error) {
	if id != nil {
		account, err := FromRow(s.queries.AccountGet(ctx, on, db.AccountGetParams{ID: *id, OwnerID: ownerID}))
		if err == nil && account.disconnectedAt != nil {
			err = disconnected(account)
		}
		return account, notFound(err)
	}
	account, err := FromRow(s.queries.AccountGetDefault(ctx, on, ownerID))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(
			fault.Precondition,
			"No LinkedIn account is connected: connect one with ConnectAccount, or add one with `postwright account add`.",
		).WithReason("NO_ACCOUNT").WithCause(err)
	}
	return account, err
}

// notFound is the answer for an account that does not exist and for another owner's alike.
func notFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is no such account.").WithReason(ReasonNotFound).WithCause(err)
	}
	return err
}

func disconnected(account Account) error {
	return fault.Newf(fault.Precondition, "The account %s was disconnected: connect it again, or choose another one.", account.DisplayName).
		WithReason(ReasonDisconnected)
}

// Get is Find outside a transaction.
func (s *Service) Get(ctx context.Context, ownerID uuid.UUID, id *uuid.UUID) (Account, error) {
	return s.Find(ctx, s.store, ownerID, id)
}

// Token opens an account's token for the call at hand. Don't keep it, log it or put it into an error.
func (s *Service) Token(account Account) (string, error) {
	if s.vault == nil {
		return "", NoKeyset("tokens")
	}
	if account.sealedToken == nil {
		return "", disconnected(account)
	}
	return s.vault.open(account.sealedToken, account.OwnerID, account.URN)
}

// ProfileInput names an account.
type ProfileInput struct {
	OwnerID   uuid.UUID
	AccountID *uuid.UUID // nil: the owner's default account
}

// Profile asks LinkedIn who the account is. The path depends on what the token may: a self-serve token may only ask about itself
// through OpenID Connect.
func (s *Service) Profile(ctx context.Context, in ProfileInput) (linkedin.Profile, error) {
	account, err := s.Get(ctx, in.OwnerID, in.AccountID)
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
	ctx, token, err := s.TokenToAsk(ctx, account, 1)
	if err != nil {
		return linkedin.Profile{}, err
	}
	if app, err := s.app(account.App); err == nil && app.ByMe {
		return s.linkedIn.Me(ctx, token)
	}
	if len(account.Scopes) == 0 || slices.Contains(account.Scopes, "openid") {
		return s.linkedIn.UserInfo(ctx, token)
	}
	return s.linkedIn.Person(ctx, token, urn.ID())
}
