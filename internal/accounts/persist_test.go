package accounts_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// leaveOnToken returns a context that ends at the moment at which LinkedIn has given a token.
func (w *world) leaveOnToken() context.Context {
	ctx, leave := context.WithCancel(w.t.Context())
	w.onToken = leave
	w.t.Cleanup(leave)
	return ctx
}

// LinkedIn takes a code once: a browser that is closed while the code is turned into a token loses no account.
func TestAMemberWhoLeavesWhileTheirConsentIsCompletedIsConnected(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*world) context.Context{
		"when LinkedIn has given the token": (*world).leaveOnToken,
		"at once": func(w *world) context.Context {
			ctx, leave := context.WithCancel(w.t.Context())
			leave()
			return ctx
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			state, code := w.consent("", ada.ID)
			account, err := w.Complete(leave(w), state, code)
			require.NoError(t, err)
			require.Equal(t, account, w.read(account.ID))
		})
	}
}

// A token that LinkedIn has given in place of another is kept, though the job that asked for it is being stopped.
func TestATokenThatWasRenewedIsKeptThoughTheJobIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vendors.AddMember(rhea)
	state, code := w.consent("", rhea.ID)
	account, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
	w.clock = account.TokenExpiresAt().AddDate(0, 0, -1)
	require.NoError(t, w.Check(w.leaveOnToken(), w.owner, account.ID))
	require.Greater(t, w.read(account.ID).TokenRevision(), account.TokenRevision())
}
