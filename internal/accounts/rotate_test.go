package accounts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
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
	w.clock = account.TokenExpiresAt().AddDate(0, 0, -1)
	w.work(account, after)
	require.Greater(t, w.read(account.ID).TokenRevision(), account.TokenRevision(), "the refresh token opens too")
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

// While keys change, two processes run: one has the earlier keyset alone. Nothing is lost, nobody is paused, and neither keeps
// the other from its work.
func TestTwoProcessesWhileTheKeyChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vendors.AddMember(rhea)
	old, err := accounts.NewKeyset()
	require.NoError(t, err)
	both, err := accounts.RotateKeyset(old)
	require.NoError(t, err)
	before, after := w.service(vaultOf(t, old)), w.service(vaultOf(t, both))
	w.Service = before
	state, code := w.consent("", rhea.ID)
	account, err := before.Complete(t.Context(), state, code)
	require.NoError(t, err)

	done, err := after.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, accounts.Rotation{Accounts: 1, Sealed: 1}, done)
	w.clock = account.TokenExpiresAt().AddDate(0, 0, -1) // it is to be renewed
	require.Equal(t, "TOKEN_SEALED", fault.Of(before.Check(t.Context(), w.owner, account.ID)).Reason)
	require.Empty(t, w.read(account.ID).PausedReason(), "it is the process that lacks a key")
	require.NoError(t, after.Check(t.Context(), w.owner, account.ID))
	renewed := w.read(account.ID)
	require.Greater(t, renewed.TokenRevision(), account.TokenRevision(), "the other process renews it at once")

	// The earlier process connects the account again, with its own key.
	state, code = w.consent("", rhea.ID)
	again, err := before.Complete(t.Context(), state, code)
	require.NoError(t, err)
	_, err = after.Token(again)
	require.NoError(t, err)
	done, err = after.RotateKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, accounts.Rotation{Accounts: 1, Sealed: 1}, done, "once more, when the earlier process has ended")
	pruned, err := accounts.PruneKeyset(both)
	require.NoError(t, err)
	_, err = w.service(vaultOf(t, pruned)).Token(w.read(account.ID))
	require.NoError(t, err)
}

// A token that changes while it is sealed anew, in a process with the earlier keyset alone, is sealed anew as well.
func TestATokenThatChangesWhileTheKeyDoesIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, err := accounts.NewKeyset()
	require.NoError(t, err)
	both, err := accounts.RotateKeyset(old)
	require.NoError(t, err)
	before, after := w.service(vaultOf(t, old)), w.service(vaultOf(t, both))
	w.Service = before
	w.add(w.owner, ada.Token)
	account := w.add(w.owner, ada.Token)
	first := account.SealedToken()
	account = w.add(w.owner, ada.Token)
	type rotated struct {
		accounts.Rotation
		error
	}
	done := make(chan rotated, 1)
	require.NoError(t, w.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		if _, err := tx.Exec(t.Context(), "UPDATE linkedin_accounts SET sealed_token = $1 WHERE id = $2", first, account.ID); err != nil {
			return err
		}
		go func() {
			rotation, err := after.RotateKey(t.Context())
			done <- rotated{rotation, err}
		}()
		require.Eventually(t, func() bool { // it has read the token of before, and waits for the row
			var waiting bool
			err := w.store.QueryRow(t.Context(), "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted").Scan(&waiting)
			return err == nil && waiting
		}, time.Minute, 10*time.Millisecond)
		return nil
	}))
	rotation := <-done
	require.NoError(t, rotation.error)
	require.Equal(t, accounts.Rotation{Accounts: 1, Sealed: 1}, rotation.Rotation)
	pruned, err := accounts.PruneKeyset(both)
	require.NoError(t, err)
	_, err = w.service(vaultOf(t, pruned)).Token(w.read(account.ID))
	require.NoError(t, err)
}
