package accounts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
)

// standings are services by whether they can renew the default app's tokens.
func (w *world) standings() map[bool]*accounts.Service {
	return map[bool]*accounts.Service{true: w.Service, false: w.service(nil)}
}

func TestHowAnAccountStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	able := w.standings()
	in := func(d time.Duration) *time.Time { at := noon.Add(d); return &at }
	year := in(365 * aDay)
	for name, c := range map[string]struct {
		account accounts.Account
		unable  bool // to renew its token
		want    accounts.Standing
		lasts   *time.Time
	}{
		"nothing is known":                      {},
		"paused":                                {account: accounts.Account{PausedReason: "REVOKED_ACCESS_TOKEN"}, want: accounts.Standing{Paused: "REVOKED_ACCESS_TOKEN"}},
		"disconnected":                          {account: accounts.Account{DisconnectedAt: in(-time.Hour)}, want: accounts.Standing{Disconnected: true}},
		"held":                                  {account: accounts.Account{HeldUntil: in(time.Minute), HeldReason: "RATE_LIMITED", HoldStreak: 2}, want: accounts.Standing{Held: in(time.Minute), HeldFor: "RATE_LIMITED", Holds: 2}},
		"held until now":                        {account: accounts.Account{HeldUntil: in(0), HeldReason: "RATE_LIMITED", HoldStreak: 2}, want: accounts.Standing{Holds: 2}},
		"held until yesterday":                  {account: accounts.Account{HeldUntil: in(-12 * time.Hour), HeldReason: "RATE_LIMITED", HoldStreak: 2}},
		"its numbers are held":                  {account: accounts.Account{NumbersHeldUntil: in(time.Minute)}, want: accounts.Standing{NumbersHeld: in(time.Minute)}},
		"its numbers were held until now":       {account: accounts.Account{NumbersHeldUntil: in(0)}},
		"its token ends":                        {account: accounts.Account{TokenExpiresAt: in(aDay)}, want: accounts.Standing{Ends: in(aDay)}, lasts: in(aDay)},
		"its token is assumed to end":           {account: accounts.Account{TokenExpiresAt: in(aDay), TokenExpiryAssumed: true}, want: accounts.Standing{Ends: in(aDay), EndsAssumed: true}, lasts: in(aDay)},
		"its token is renewed by itself":        {account: accounts.Account{TokenExpiresAt: in(6*aDay + 1), RefreshTokenExpiresAt: year}, want: accounts.Standing{Ends: in(6*aDay + 1), RenewedUntil: year}, lasts: year},
		"its renewal has failed for a day":      {account: accounts.Account{TokenExpiresAt: in(6 * aDay), RefreshTokenExpiresAt: year}, want: accounts.Standing{Ends: in(6 * aDay), RenewalFailed: true}, lasts: in(6 * aDay)},
		"its refresh token ends with its token": {account: accounts.Account{TokenExpiresAt: in(aDay), RefreshTokenExpiresAt: in(aDay)}, want: accounts.Standing{Ends: in(aDay)}, lasts: in(aDay)},
		"nothing can use its refresh token":     {account: accounts.Account{TokenExpiresAt: in(aDay), RefreshTokenExpiresAt: year}, unable: true, want: accounts.Standing{Ends: in(aDay), RefreshUnused: true}, lasts: in(aDay)},
		"LinkedIn has said nothing for long":    {account: accounts.Account{UpdatedAt: noon.Add(-27 * time.Hour)}, want: accounts.Standing{Silent: true}},
		"LinkedIn spoke after that":             {account: accounts.Account{UpdatedAt: noon.Add(-27 * time.Hour), CheckedAt: in(-time.Hour)}},
		"paused, so nobody asks LinkedIn":       {account: accounts.Account{UpdatedAt: noon.Add(-27 * time.Hour), PausedReason: "REVOKED_ACCESS_TOKEN"}, want: accounts.Standing{Paused: "REVOKED_ACCESS_TOKEN"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.account.App = accounts.DefaultApp
			if c.account.UpdatedAt.IsZero() {
				c.account.UpdatedAt = noon
			}
			got := able[!c.unable].Standing(c.account, noon)
			require.Equal(t, c.want, got)
			require.Equal(t, c.lasts, got.UsableUntil())
		})
	}
}

func TestWhatAnAccountsTokenMayDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		urn              string
		scopes           []string
		publishes, reads bool
	}{
		"nobody knows what a member's may": {"urn:li:person:a", nil, true, false},
		"nobody knows what a page's may":   {"urn:li:organization:5", nil, true, true},
		"a member's":                       {"urn:li:person:a", []string{"w_member_social"}, true, false},
		"a member's that reads":            {"urn:li:person:a", []string{"w_member_social", "r_member_social"}, true, true},
		"a member's with a page's scopes":  {"urn:li:person:a", []string{"w_organization_social", "r_organization_social"}, false, false},
		"a page's":                         {"urn:li:organization:5", []string{"w_organization_social", "r_organization_social"}, true, true},
		"a page's with a member's scopes":  {"urn:li:organization:5", []string{"w_member_social", "r_member_social"}, false, false},
	} {
		got := new(accounts.Service).Standing(accounts.Account{App: accounts.DefaultApp, DisplayName: "Ada", URN: c.urn, Scopes: c.scopes}, noon)
		require.Equal(t, c.publishes, got.CannotPublish == nil, name)
		require.Equal(t, c.reads, got.MayRead, name)
	}
}

func TestATokenHasEndedByLinkedInsWordAlone(t *testing.T) {
	t.Parallel()
	ends := noon
	require.False(t, accounts.Standing{}.Ended(noon))
	require.False(t, accounts.Standing{Ends: &ends}.Ended(noon.Add(-1)))
	require.True(t, accounts.Standing{Ends: &ends}.Ended(noon))
	require.False(t, accounts.Standing{Ends: &ends, EndsAssumed: true}.Ended(noon), "LinkedIn decides")
}
