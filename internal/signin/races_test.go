package signin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/signin"
)

const other = "another horse"

func TestAPasswordThatIsChangedWhileItIsLookedAtBeginsNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.between = func() { require.NoError(t, w.SetPassword(t.Context(), w.ada.ID, other)) }
	_, err := w.try("ada@example.org", secret, from(1))
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
	require.Equal(t, signin.ReasonWrongPassword, fault.Of(err).Reason)
	page, err := w.Sessions.List(t.Context(), identity.ListInput{OwnerID: w.ada.ID})
	require.NoError(t, err)
	require.Empty(t, page.Sessions)
	_, err = w.try("ada@example.org", other, from(1))
	require.NoError(t, err)
}

func TestAChangeOfAPasswordReplacesTheOneThatWasLookedAtFromASessionThatGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(w *world, id identity.Session) error
		kind      fault.Kind
		right     string
	}{
		"an operator sets another, which ends all sessions": {func(w *world, _ identity.Session) error {
			return w.SetPassword(t.Context(), w.ada.ID, other)
		}, fault.Unauthenticated, other},
		"it is changed, and this session goes on": {func(w *world, s identity.Session) error {
			return w.ChangePassword(w.as(s), signin.Change{Current: secret, New: other, Browser: from(3)})
		}, fault.Stale, other},
		"the session is ended": {func(w *world, s identity.Session) error {
			return w.Sessions.End(t.Context(), w.ada.ID, s.ID)
		}, fault.Unauthenticated, secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			signedIn, err := w.try("ada@example.org", secret, from(1))
			require.NoError(t, err)
			w.between = func() { require.NoError(t, c.meanwhile(w, signedIn.Session)) }
			err = w.ChangePassword(w.as(signedIn.Session), signin.Change{Current: secret, New: "a third horse", Browser: from(1)})
			require.True(t, fault.Is(err, c.kind), "%v", err)
			_, err = w.try("ada@example.org", "a third horse", from(2))
			require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
			_, err = w.try("ada@example.org", c.right, from(2))
			require.NoError(t, err)
		})
	}
}

// Nobody has work done for a link that they made up.
func TestTheLinkForTheFirstUserIsLookedAtBeforeAPasswordIsHashed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Passwords = nil // who hashes with it panics
	in := signin.SetUp{Token: "made up", User: identity.NewUser{Email: "eve@example.org"}, Password: secret, Browser: from(1)}
	_, err := w.SetUpFirstUser(t.Context(), in)
	require.True(t, fault.Is(err, fault.Precondition), "there is a user: %v", err)
	_, err = w.Store.Pool().Exec(t.Context(), `DELETE FROM users`)
	require.NoError(t, err)
	_, err = w.SetUpFirstUser(t.Context(), in)
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
}
