package signin_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/password"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/signin"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

const secret = "correct horse battery staple"

// world is the database with Ada, who has a password, and Bob, who has none.
type world struct {
	*signin.Service

	t     *testing.T
	mu    sync.Mutex
	later time.Duration
	ada   identity.User
	// between is done once, when somebody asks what time it is: when a session begins, and when a password is kept.
	between func()
}

// now is the clock of what is kept; clock is that of who has to wait, which stands still unless a test sets it on.
func (w *world) now() time.Time {
	w.mu.Lock()
	between := w.between
	w.between = nil
	w.mu.Unlock()
	if between != nil {
		between()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.later).UTC().Truncate(time.Microsecond)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Unix(1_700_000_000, 0).Add(w.later)
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.later += d
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns, cfg.Constraints = dbtest.New(t), 0, identity.Constraints()
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w := &world{t: t}
	users := identity.New(store, nil, w.now)
	w.Service = signin.New(signin.Dependencies{
		Store: store, Users: users, Passwords: password.NewHasher(2), Now: w.now,
		Sessions: identity.NewSessions(store, nil, identity.SessionLimits{Idle: 14 * 24 * time.Hour, Lifetime: 90 * 24 * time.Hour}, w.now),
	}, w.clock)
	w.ada, err = users.CreateUser(t.Context(), "ada@example.org", "Ada")
	require.NoError(t, err)
	require.NoError(t, w.SetPassword(t.Context(), w.ada.ID, secret))
	_, err = users.CreateUser(t.Context(), "bob@example.org", "")
	require.NoError(t, err)
	return w
}

// from is a browser at the n-th address.
func from(n byte) identity.Browser {
	return identity.Browser{UserAgent: "test", Address: netip.AddrFrom4([4]byte{192, 0, 2, n})}
}

func (w *world) try(email, password string, at identity.Browser) (signin.SignedIn, error) {
	w.t.Helper()
	return w.SignIn(w.t.Context(), signin.Input{Email: email, Password: password, Browser: at})
}

// as is a call with a session.
func (w *world) as(s identity.Session) context.Context {
	return identity.WithCaller(w.t.Context(), identity.Access{UserID: s.OwnerID, SessionID: s.ID})
}

func TestWhoIsNotKnownIsToldNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var words []string
	for i, c := range [][2]string{
		{"ada@example.org", "wrong"}, {"eve@example.org", secret}, {"bob@example.org", secret}, {"bob@example.org", ""}, {"no address", secret},
	} {
		_, err := w.try(c[0], c[1], from(byte(i)))
		require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
		require.Equal(t, signin.ReasonWrongPassword, fault.Of(err).Reason)
		require.NotContains(t, err.Error(), secret)
		words = append(words, err.Error())
	}
	for _, said := range words {
		require.Equal(t, words[0], said)
	}
	signedIn, err := w.try("ADA@example.org", secret, from(9))
	require.NoError(t, err)
	require.Equal(t, w.ada, signedIn.User)
}

// passwords tries so many for an account, each from another address, and returns how many were looked at.
func (w *world) passwords(email string, n int, at func(i int) identity.Browser) (looked int) {
	w.t.Helper()
	for i := range n {
		_, err := w.try(email, fmt.Sprint("wrong ", i), at(i))
		switch {
		case fault.Is(err, fault.Unauthenticated):
			looked++
		default:
			require.True(w.t, fault.Is(err, fault.OverLimit), "%v", err)
			require.Positive(w.t, fault.Of(err).RetryAfter)
		}
	}
	return looked
}

func TestWhoGuessesIsSlowedWhateverTheyGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anywhere := func(i int) identity.Browser { return from(byte(i)) }
	require.Equal(t, 10, w.passwords("ada@example.org", 15, anywhere), "of an account from all addresses together")
	require.Equal(t, 10, w.passwords("nobody@example.org", 15, anywhere), "also of one that nobody has")
	w.wait(time.Minute)
	require.Equal(t, 6, w.passwords("ada@example.org", 15, anywhere), "later there are more: nobody is locked out")

	here := func(int) identity.Browser { return from(200) }
	looked := 0
	for i := range 40 {
		looked += w.passwords(fmt.Sprintf("user%d@example.org", i), 1, here)
	}
	require.Equal(t, 30, looked, "from one address, of all accounts together")
}

// Whoever makes the tries of an account run out for as long as they like keeps its user out of nothing.
func TestWhoIsSignedInSignsInAgainWhileOthersGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home, away := from(101), from(102)
	_, err := w.try("ada@example.org", secret, home)
	require.NoError(t, err)
	w.passwords("ada@example.org", 15, func(i int) identity.Browser { return from(byte(i)) })
	_, err = w.try("ada@example.org", secret, away)
	require.True(t, fault.Is(err, fault.OverLimit), "%v", err)
	_, err = w.try("ada@example.org", secret, home)
	require.NoError(t, err)
	require.Equal(t, 9, w.passwords("ada@example.org", 15, func(int) identity.Browser { return home }), "and no more often than others")
}
