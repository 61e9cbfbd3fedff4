package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/password"
	"github.com/postwright/postwright/internal/postgres"
)

// For how long links work.
const (
	setUpLife = 24 * time.Hour
	linkLife  = time.Hour
)

// newToken makes what is in a link, and its hash, which alone is kept.
func newToken() (token string, hash []byte) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	token = base64.RawURLEncoding.EncodeToString(random)
	return token, hashOf(token)
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// ReasonLink marks the refusal of a link that does not work, or not any more.
const ReasonLink = "LINK_NOT_VALID"

// MakeSetUpLink makes the token of a link with which the first user can be made, once, within a day. It is "" where there is a user
// already. Several processes may each make one: the first that is used ends them all.
func (s *Service) MakeSetUpLink(ctx context.Context) (token string, err error) {
	empty, err := s.Users.Empty(ctx, s.Store)
	if err != nil || !empty {
		return "", err
	}
	token, hash := newToken()
	_, err = s.queries.SignInLinkInsert(ctx, s.Store, db.SignInLinkInsertParams{
		TokenHash: hash, OwnerID: nil, ExpiresAt: s.Now().Add(setUpLife),
	})
	return token, err
}

// SetUp asks for the first user.
type SetUp struct {
	Token    string
	User     identity.NewUser
	Password string
	Browser  identity.Browser
}

// Validate lists everything that is wrong with what is asked for, but for the token.
func (in SetUp) Validate() error {
	faults := in.User.Faults()
	for i := range faults {
		if faults[i].Path == "name" {
			faults[i].Path = "displayName"
		}
	}
	return fault.Fields(append(faults, password.Faults("password", in.Password)...)...)
}

// SetUpFirstUser makes the first user, an operator, and signs them in.
func (s *Service) SetUpFirstUser(ctx context.Context, in SetUp) (SignedIn, error) {
	if err := in.Validate(); err != nil {
		return SignedIn{}, err
	}
	if err := s.mayTryFrom(in.Browser.Address); err != nil {
		return SignedIn{}, err
	}
	release, err := s.enter(ctx, in.Browser.Address)
	if err != nil {
		return SignedIn{}, err
	}
	defer release()
	// Before it costs a hash, and again below, where nobody comes between.
	link, err := s.queries.SignInLinkGetSetUp(ctx, s.Store, hashOf(in.Token))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return SignedIn{}, err
	}
	if err := s.maySetUp(ctx, s.Store, in.Token, link); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	in.User.Operator = true
	var made identity.User
	err = s.Store.InTx(ctx, func(tx *postgres.Tx) error {
		if err := s.takeSetUp(ctx, tx, in.Token); err != nil {
			return err
		}
		if made, err = s.Users.Create(ctx, tx, in.User); err != nil {
			return err
		}
		_, err := s.queries.PasswordPut(ctx, tx, db.PasswordPutParams{OwnerID: made.ID, Hash: hash, ChangedAt: s.Now()})
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return s.begin(ctx, made.ID, in.Browser, anybodyMay)
}

// takeSetUp uses up the links with which the first user can be made, of which one must have this token.
func (s *Service) takeSetUp(ctx context.Context, tx *postgres.Tx, token string) error {
	links, err := s.queries.SignInLinkTakeSetUps(ctx, tx)
	if err != nil {
		return err
	}
	return s.maySetUp(ctx, tx, token, links...)
}

// anybodyMay is for who has proved with a link, which is used up, that they may.
func anybodyMay(*postgres.Tx) error { return nil }

// maySetUp makes sure that there is no user, and that one of the links has this token.
func (s *Service) maySetUp(ctx context.Context, on db.DBTX, token string, links ...db.SignInLink) error {
	empty, err := s.Users.Empty(ctx, on)
	if err != nil {
		return err
	}
	if !empty {
		return fault.New(fault.Precondition, "There is a user already: sign in, or have an operator make you one with `postwright user create`.").
			WithReason(ReasonLink)
	}
	now, hash := s.Now(), hashOf(token)
	if !slices.ContainsFunc(links, func(l db.SignInLink) bool {
		return subtle.ConstantTimeCompare(l.TokenHash, hash) == 1 && now.Before(l.ExpiresAt)
	}) {
		return fault.New(fault.Unauthenticated, "The link does not work, or not any more: start `postwright serve` again, which prints another.").
			WithReason(ReasonLink)
	}
	return nil
}

// MakeLink makes the token of a link that signs a user in, once, within an hour, on the machine where Postwright runs.
func (s *Service) MakeLink(ctx context.Context, userID uuid.UUID) (token string, err error) {
	token, hash := newToken()
	_, err = s.queries.SignInLinkInsert(ctx, s.Store, db.SignInLinkInsertParams{
		TokenHash: hash, OwnerID: &userID, ExpiresAt: s.Now().Add(linkLife),
	})
	return token, err
}

// here reports whether an address is this machine's own: of IPv6 the network that ::1 is in, as limit.Network has it.
func here(address netip.Addr) bool {
	return address.IsLoopback() || address == netip.IPv6Unspecified()
}

// LinkInput asks to be signed in with a link.
type LinkInput struct {
	Token   string
	Browser identity.Browser
}

// SignInWithLink signs the user of a link in, and uses it up.
func (s *Service) SignInWithLink(ctx context.Context, in LinkInput) (SignedIn, error) {
	if err := s.mayTryFrom(in.Browser.Address); err != nil {
		return SignedIn{}, err
	}
	if !here(in.Browser.Address) {
		return SignedIn{}, fault.New(fault.Forbidden, "The link works on the machine itself alone: open it there, or sign in with a password.")
	}
	link, err := s.queries.SignInLinkTake(ctx, s.Store, hashOf(in.Token))
	if fault.Is(err, fault.NotFound) || err == nil && !s.Now().Before(link.ExpiresAt) {
		return SignedIn{}, fault.New(fault.Unauthenticated, "The link does not work, or not any more: each works once. Sign in with a password, or "+
			"have another link made.").WithReason(ReasonLink)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return s.begin(ctx, *link.OwnerID, in.Browser, anybodyMay)
}
