package accounts_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/sandbox"
)

const aDay = 24 * time.Hour

// endOf is how many whole days an account has left; -1 when it is not known.
func (w *world) endOf(id uuid.UUID) int {
	w.t.Helper()
	ends, err := w.TimeLeft(w.t.Context())
	require.NoError(w.t, err)
	left, known := ends[id]
	if !known {
		return -1
	}
	return int(left / aDay)
}

func TestAnAccountEndsWithItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	require.Equal(t, 60, w.endOf(account.ID))
	w.clock = w.clock.Add(50 * aDay)
	require.Equal(t, 10, w.endOf(account.ID))
	w.clock = w.clock.Add(20 * aDay)
	require.Zero(t, w.endOf(account.ID), "and never less than 0")
	require.NoError(t, w.Disconnect(t.Context(), w.owner, account.ID))
	require.Equal(t, -1, w.endOf(account.ID), "nobody waits for one that is disconnected")
}

func TestAnAccountWhoseTokenLinkedInRefusesHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	w.vendors.Revoke(ada.ID)
	w.clock = w.clock.Add(aDay)
	w.work(account, w.Service)
	require.Zero(t, w.endOf(account.ID))
}

func TestATokenThatIsRenewedByItselfEndsWithItsRefreshTokenUnlessTheRenewalFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vendors.AddMember(rhea)
	state, code := w.consent("", rhea.ID)
	account, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
	require.Equal(t, 365, w.endOf(account.ID))
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createAccessToken", Mode: sandbox.Status, Value: "400"}))
	w.clock = w.clock.Add(53*aDay + time.Hour) // due to be renewed
	require.Error(t, w.Check(t.Context(), w.owner, account.ID))
	require.Equal(t, 311, w.endOf(account.ID), "not yet a reason to call a person")
	w.clock = w.clock.Add(aDay)
	w.work(account, w.Service)
	require.Equal(t, 5, w.endOf(account.ID), "it has failed for a day")
}

// Of an account whose app was taken out of the configuration, everything said that its token is renewed by itself, until it
// ended.
func TestNothingRenewsATokenWhoseAppIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vendors.AddMember(rhea)
	state, code := w.consent("", rhea.ID)
	account, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
	require.Equal(t, account.RefreshTokenExpiresAt(), w.Standing(account, w.clock).RenewedUntil)
	for name, s := range map[string]*accounts.Service{
		"another app is set up alone": w.service(newVault(t), func(s *accounts.Settings) { s.Apps[0].Name = "pages" }),
		"none is":                     w.service(newVault(t), func(s *accounts.Settings) { s.Apps = nil }),
		"it has no id and secret": w.service(newVault(t),
			func(s *accounts.Settings) { s.Apps[0].Configured, s.Apps[0].API = false, w.withoutApp() }),
		"no keyset opens what renewed": w.service(nil),
	} {
		require.Nil(t, s.Standing(account, w.clock).RenewedUntil, name)
		require.True(t, s.Standing(account, w.clock).RefreshUnused, name)
		ends, err := s.TimeLeft(t.Context())
		require.NoError(t, err)
		require.Equal(t, 60, int(ends[account.ID]/aDay), name)
	}
}

// Those that are renewed by themselves end first by their tokens: of a thousand of them, the one that a person has to connect
// again went unseen.
func TestOfVeryManyAccountsThoseWithTheLeastTimeAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alone := w.add(w.owner, ada.Token)
	for _, statement := range []string{
		`ALTER TABLE linkedin_accounts ALTER id SET DEFAULT gen_random_uuid()`,
		`INSERT INTO linkedin_accounts (owner_id, urn, display_name, app, sealed_token, token_expires_at, scopes, created_at, updated_at,
			sealed_refresh_token, refresh_token_expires_at, is_default)
		SELECT owner_id, urn || n, display_name, app, sealed_token, token_expires_at - interval '30 days', scopes, created_at, updated_at,
			sealed_token, token_expires_at + interval '300 days', FALSE
		FROM linkedin_accounts, generate_series(1, 1500) n`,
		`UPDATE linkedin_accounts SET token_expires_at = token_expires_at + interval '30 days', paused_reason = 'REVOKED_ACCESS_TOKEN'
		WHERE urn LIKE '%ada1500'`,
	} {
		_, err := w.store.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	left, err := w.TimeLeft(t.Context())
	require.NoError(t, err)
	require.Len(t, left, 1000)
	require.Equal(t, 60*aDay, left[alone.ID])
	require.Contains(t, slices.Collect(maps.Values(left)), time.Duration(0), "the one that LinkedIn refuses")
}

// Whatever makes an account end, reading the few that end first comes to the same as reading all.
func TestThoseWithTheLeastTimeAreThoseOfAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(w.owner, ada.Token)
	for _, statement := range []string{
		`ALTER TABLE linkedin_accounts ALTER id SET DEFAULT gen_random_uuid()`,
		// Tokens end in 120 days at the latest, or nobody knows when; nine of ten have a refresh token, which ends a day or 300 days
		// later; the app of one in ten is gone; of some the renewal has failed; some are refused, and some disconnected.
		`INSERT INTO linkedin_accounts (owner_id, urn, display_name, app, sealed_token, token_expires_at, scopes, created_at, updated_at,
			sealed_refresh_token, refresh_token_expires_at, is_default, paused_reason, disconnected_at)
		SELECT owner_id, urn || n, display_name, CASE n / 10 % 10 WHEN 0 THEN 'gone' ELSE app END,
			CASE WHEN n % 11 > 0 THEN sealed_token END,
			CASE WHEN n % 13 > 0 THEN created_at + n * 7919 % 12000 * interval '0.01 day' END, scopes, created_at, updated_at,
			CASE WHEN n % 10 > 0 AND n % 11 > 0 THEN sealed_token END,
			CASE WHEN n % 10 > 0 AND n % 11 > 0
				THEN created_at + (n * 7919 % 12000 + CASE n % 7 WHEN 0 THEN 100 ELSE 30000 END) * interval '0.01 day' END,
			FALSE, CASE WHEN n % 97 = 0 AND n % 11 > 0 THEN 'REVOKED_ACCESS_TOKEN' ELSE '' END,
			CASE WHEN n % 11 = 0 THEN created_at END
		FROM linkedin_accounts, generate_series(1, 9000) n`,
	} {
		_, err := w.store.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	all, err := w.ListAll(t.Context(), 10000)
	require.NoError(t, err)
	for name, s := range map[string]*accounts.Service{"an app renews": w.Service, "nothing does": w.service(nil)} {
		var want []time.Duration
		for _, account := range all {
			if standing := s.Standing(account, w.clock); standing.Paused != "" {
				want = append(want, 0)
			} else if lasts := standing.UsableUntil(); lasts != nil {
				want = append(want, max(lasts.Sub(w.clock), 0))
			}
		}
		slices.Sort(want)
		left, err := s.TimeLeft(t.Context())
		require.NoError(t, err)
		require.Equal(t, want[:1000], slices.Sorted(maps.Values(left)), name)
	}
}
