// Package signin signs people in: with a password, or with a link that works once. It owns passwords and such links, makes the first
// user, and slows down those who guess.
//
// It must not know what a session is good for, nor how its token gets into a browser.
package signin

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/password"
	"github.com/postwright/postwright/internal/postgres"
)

// Dependencies are what a Service stands on.
type Dependencies struct {
	Store     *postgres.Store
	Users     *identity.Service
	Sessions  *identity.Sessions
	Passwords *password.Hasher
	Now       func() time.Time
}

// Service signs people in. It is safe for concurrent use.
type Service struct {
	Dependencies

	queries *db.Queries
	slow    slowness
	tries   *limit.Shares[netip.Addr]
}

// New returns a Service that has seen no wrong password yet. clock measures how long those who guess have to wait.
func New(d Dependencies, clock func() time.Time) *Service {
	return &Service{Dependencies: d, queries: db.New(), slow: newSlowness(clock), tries: limit.NewShares[netip.Addr](tryRoom)}
}

// SignedIn is a session that has begun, with the token that proves it: only the browser may have that.
type SignedIn struct {
	Token string
	Current
}

// Current is a session and whose it is.
type Current struct {
	Session identity.Session
	User    identity.User
}

// Input asks to be signed in with a password.
type Input struct {
	Email, Password string
	Browser         identity.Browser
}

// ReasonWrongPassword marks the refusal of who is not known by this address and password, for whichever of the two it is.
const ReasonWrongPassword = "WRONG_PASSWORD"

// SignIn begins a session of the user of an address and a password. Whether it is the address that is not known, or the password that
// is wrong, neither words nor time tell.
func (s *Service) SignIn(ctx context.Context, in Input) (SignedIn, error) {
	key := identity.EmailKey(in.Email)
	if err := s.mayTry(ctx, key, in.Browser.Address); err != nil {
		return SignedIn{}, err
	}
	release, err := s.enter(ctx, in.Browser.Address)
	if err != nil {
		return SignedIn{}, err
	}
	defer release()
	known, err := s.byEmail(ctx, key)
	if err != nil {
		return SignedIn{}, err
	}
	right, err := s.Passwords.Matches(ctx, in.Password, known.Hash)
	if err != nil {
		return SignedIn{}, err
	}
	if !right {
		return SignedIn{}, errWrongPassword()
	}
	return s.begin(ctx, known.ID, in.Browser, func(tx *postgres.Tx) error { return s.stillHas(ctx, tx, known) })
}

func errWrongPassword() error {
	return fault.New(fault.Unauthenticated, "The e-mail address or the password is not right: try again, or have an operator set "+
		"another password with `postwright user password`.").WithReason(ReasonWrongPassword)
}

// stillHas makes sure that a user has the password that was looked at, until the end of the transaction: one who gives them another
// waits for it, and ends the session that it begins.
func (s *Service) stillHas(ctx context.Context, tx *postgres.Tx, known db.PasswordGetByEmailRow) error {
	hash, err := s.queries.PasswordGetForShare(ctx, tx, known.ID)
	if fault.Is(err, fault.NotFound) || err == nil && hash != known.Hash {
		return errWrongPassword()
	}
	return err
}

// byEmail finds who has an address, and the hash of their password. It finds nobody where nobody has.
func (s *Service) byEmail(ctx context.Context, key string) (db.PasswordGetByEmailRow, error) {
	known, err := s.queries.PasswordGetByEmail(ctx, s.Store, key)
	if fault.Is(err, fault.NotFound) {
		return db.PasswordGetByEmailRow{}, nil
	}
	return known, err
}

// begin begins a session where may, asked in the same transaction, says nothing against it.
func (s *Service) begin(
	ctx context.Context, userID uuid.UUID, browser identity.Browser, may func(tx *postgres.Tx) error,
) (SignedIn, error) {
	var token string
	var session identity.Session
	err := s.Store.InTx(ctx, func(tx *postgres.Tx) error {
		var ended func()
		var err error
		if token, session, ended, err = s.Sessions.Begin(ctx, tx, userID, browser); err != nil {
			return err
		}
		tx.After(ended)
		return may(tx)
	})
	if err != nil {
		return SignedIn{}, err
	}
	user, err := s.Users.User(ctx, userID)
	return SignedIn{Token: token, Current: Current{Session: session, User: user}}, err
}

// Current returns the session that a call is made with, and whose it is.
func (s *Service) Current(ctx context.Context) (Current, error) {
	access, err := identity.CallersSession(ctx)
	if err != nil {
		return Current{}, err
	}
	session, err := s.Sessions.Get(ctx, access.UserID, access.SessionID)
	if err != nil {
		return Current{}, err
	}
	user, err := s.Users.User(ctx, access.UserID)
	return Current{Session: session, User: user}, err
}

// SignOut ends the session that a call is made with.
func (s *Service) SignOut(ctx context.Context) error {
	access, err := identity.CallersSession(ctx)
	if err != nil {
		return err
	}
	return s.Sessions.End(ctx, access.UserID, access.SessionID)
}

// Change asks for another password.
type Change struct {
	Current, New string
	Browser      identity.Browser
}

// Validate lists everything that is wrong with a change, but for what only a look at the password tells.
func (c Change) Validate() error {
	faults := password.Faults("newPassword", c.New)
	if len(faults) == 0 && c.New == c.Current {
		faults = append(faults, fault.Field{Path: "newPassword", Problem: "must be another than the current one"})
	}
	return fault.Fields(faults...)
}

// ReasonPasswordChanged marks the refusal of who changes a password that somebody has changed meanwhile.
const ReasonPasswordChanged = "PASSWORD_CHANGED"

// ChangePassword gives the user who is calling another password, and ends their other sessions. Where the password has been changed
// meanwhile it is a Stale fault, where their session has ended an Unauthenticated one.
func (s *Service) ChangePassword(ctx context.Context, in Change) error {
	access, err := identity.CallersSession(ctx)
	if err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	if err := s.mayTryFrom(in.Browser.Address); err != nil {
		return err
	}
	if wait := s.slow.accounts.Take(access.UserID.String()); wait > 0 { // which only those who are signed in as this user use up
		return tooManyPasswords(wait)
	}
	release, err := s.enter(ctx, in.Browser.Address)
	if err != nil {
		return err
	}
	defer release()
	hash, err := s.queries.PasswordGet(ctx, s.Store, access.UserID)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Precondition, "You have no password yet: an operator sets the first one with `postwright user password`.")
	}
	if err != nil {
		return err
	}
	right, err := s.Passwords.Matches(ctx, in.Current, hash)
	if err != nil {
		return err
	}
	if !right {
		return fault.Fields(fault.Field{Path: "currentPassword", Problem: "is not your password: write the one that you signed in with"})
	}
	return s.put(ctx, access.UserID, in.New, access.SessionID, func(tx *postgres.Tx, next string) error {
		replaced, err := s.queries.PasswordReplace(ctx, tx, db.PasswordReplaceParams{
			OwnerID: access.UserID, OldHash: hash, Hash: next, ChangedAt: s.Now(),
		})
		if err != nil {
			return err
		}
		if err := s.Sessions.Goes(ctx, tx, access.UserID, access.SessionID); err != nil {
			return err
		}
		if replaced == 0 {
			return fault.New(fault.Stale, "Your password has been changed meanwhile: change it again, with the one that you have now.").
				WithReason(ReasonPasswordChanged)
		}
		return nil
	})
}

// SetPassword gives a user a password, whatever they had before, and ends their sessions.
func (s *Service) SetPassword(ctx context.Context, userID uuid.UUID, secret string) error {
	if err := fault.Fields(password.Faults("password", secret)...); err != nil {
		return err
	}
	return s.put(ctx, userID, secret, uuid.Nil, func(tx *postgres.Tx, hash string) error {
		_, err := s.queries.PasswordPut(ctx, tx, db.PasswordPutParams{OwnerID: userID, Hash: hash, ChangedAt: s.Now()})
		return err
	})
}

// put keeps a new password in the way given, and ends all sessions but one.
func (s *Service) put(
	ctx context.Context, userID uuid.UUID, secret string, except uuid.UUID, keep func(tx *postgres.Tx, hash string) error,
) error {
	hash, err := s.Passwords.Hash(ctx, secret)
	if err != nil {
		return err
	}
	ended := func() {}
	err = s.Store.InTx(ctx, func(tx *postgres.Tx) (err error) {
		if err := keep(tx, hash); err != nil {
			return err
		}
		ended, err = s.Sessions.EndOthers(ctx, tx, userID, except)
		return err
	})
	ended() // whatever the outcome: it may be in doubt
	return err
}
