package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
)

func vaultOf(t *testing.T, keyset string) *accounts.Vault {
	t.Helper()
	vault, err := accounts.NewVault(keyset)
	require.NoError(t, err)
	return vault
}

func TestAKeyIsRotatedWithoutLosingAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, err := accounts.NewKeyset()
	require.NoError(t, err)
	w.vendors.AddMember(rhea)
	before := w.service(vaultOf(t, old))
	w.Service = before
	state, code := w.consent("", rhea.ID)
	account, err := before.Complete(t.Context(), state, code) // with a refresh token
	require.NoError(t, err)
	token, err := before.Token(account)
	require.NoError(t, err)

	both, err := accounts.RotateKeyset(old)
	require.NoError(t, err)
	during := w.service(vaultOf(t, both))
	opened, err := during.Token(account)
	require.NoError(t, err)
	require.Equal(t, token, opened, "the earlier key still opens")

	done, err := during.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, accounts.Rotation{Accounts: 1, Sealed: 1}, done)
	done, err = during.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, accounts.Rotation{Accounts: 1}, done, "again there is nothing to do")

	pruned, err := accounts.PruneKeyset(both)
	require.NoError(t, err)
	after := w.service(vaultOf(t, pruned))
	account, err = after.Get(t.Context(), w.owner, &account.ID)
	require.NoError(t, err)
	opened, err = after.Token(account)
	require.NoError(t, err)
	require.Equal(t, token, opened)
	_, err = before.Token(account)
	require.Equal(t, "TOKEN_SEALED", fault.Of(err).Reason, "the old key opens nothing any more")
	w.clock = account.TokenExpiresAt.AddDate(0, 0, -1)
	w.work(account, after)
	require.Greater(t, w.read(account.ID).TokenRevision, account.TokenRevision, "the refresh token opens too")
}

func TestATokenUnderAnUnknownKeyIsNamedAndLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	stranger := w.service(newVault(t))
	done, err := stranger.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, done.Accounts)
	require.Zero(t, done.Sealed)
	require.Len(t, done.Failed, 1)
	require.Equal(t, account.ID, done.Failed[0].ID)
	token, err := w.Token(w.read(account.ID))
	require.NoError(t, err)
	require.Equal(t, ada.Token, token)
}

func TestAKeysetThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "not base64 !", "aGVsbG8="} {
		_, rotateErr := accounts.RotateKeyset(bad)
		_, pruneErr := accounts.PruneKeyset(bad)
		require.True(t, fault.Is(rotateErr, fault.Invalid), "%v", rotateErr)
		require.True(t, fault.Is(pruneErr, fault.Invalid), "%v", pruneErr)
	}
}
