package accounts

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestHowAnAccountStands(t *testing.T) {
	t.Parallel()
	apps := Settings{Apps: []App{{Name: DefaultApp, Configured: true}}}
	able, unable := Service{vault: new(Vault), settings: apps}, Service{settings: apps}
	in := func(d time.Duration) *time.Time { at := noon.Add(d); return &at }
	year := in(365 * day)
	for name, c := range map[string]struct {
		account Account
		unable  bool // to renew its token
		want    Standing
		lasts   *time.Time
	}{
		"nothing is known": {},
		"paused":           {account: Account{pausedReason: "REVOKED_ACCESS_TOKEN"}, want: Standing{Paused: "REVOKED_ACCESS_TOKEN"}},
		"disconnected":     {account: Account{disconnectedAt: in(-time.Hour)}, want: Standing{Disconnected: true}},
		"held": {account: Account{heldUntil: in(time.Minute), heldReason: "RATE_LIMITED", holdStreak: 2},
			want: Standing{Held: in(time.Minute), HeldFor: "RATE_LIMITED", Holds: 2}},
		"held until now": {account: Account{heldUntil: in(0), heldReason: "RATE_LIMITED", holdStreak: 2},
			want: Standing{Holds: 2}},
		"held until yesterday":              {account: Account{heldUntil: in(-12 * time.Hour), heldReason: "RATE_LIMITED", holdStreak: 2}},
		"held until now, as LinkedIn asked": {account: Account{heldUntil: in(0), heldReason: "RATE_LIMITED"}},
		"its numbers are held":              {account: Account{numbersHeldUntil: in(time.Minute)}, want: Standing{NumbersHeld: in(time.Minute)}},
		"its numbers were held until now":   {account: Account{numbersHeldUntil: in(0)}},
		"its token ends":                    {account: Account{tokenExpiresAt: in(day)}, want: Standing{Ends: in(day)}, lasts: in(day)},
		"its token is assumed to end": {account: Account{tokenExpiresAt: in(day), tokenExpiryAssumed: true},
			want: Standing{Ends: in(day), EndsAssumed: true}, lasts: in(day)},
		"its token is renewed by itself": {account: Account{tokenExpiresAt: in(6*day + 1), refreshTokenExpiresAt: year},
			want: Standing{Ends: in(6*day + 1), RenewedUntil: year}, lasts: year},
		"its renewal has failed for a day": {account: Account{tokenExpiresAt: in(6 * day), refreshTokenExpiresAt: year},
			want: Standing{Ends: in(6 * day), RenewalFailed: true}, lasts: in(6 * day)},
		"its refresh token ends with its token": {account: Account{tokenExpiresAt: in(day), refreshTokenExpiresAt: in(day)},
			want: Standing{Ends: in(day)}, lasts: in(day)},
		"nothing can use its refresh token": {account: Account{tokenExpiresAt: in(day), refreshTokenExpiresAt: year}, unable: true,
			want: Standing{Ends: in(day), RefreshUnused: true}, lasts: in(day)},
		"LinkedIn has said nothing for long": {account: Account{UpdatedAt: noon.Add(-27 * time.Hour)}, want: Standing{Silent: true}},
		"LinkedIn spoke after that":          {account: Account{UpdatedAt: noon.Add(-27 * time.Hour), checkedAt: in(-time.Hour)}},
		"paused, so nobody asks LinkedIn": {account: Account{UpdatedAt: noon.Add(-27 * time.Hour), pausedReason: "REVOKED_ACCESS_TOKEN"},
			want: Standing{Paused: "REVOKED_ACCESS_TOKEN"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.account.App = DefaultApp
			if c.account.UpdatedAt.IsZero() {
				c.account.UpdatedAt = noon
			}
			service := &able
			if c.unable {
				service = &unable
			}
			got := service.Standing(c.account, noon)
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
		got := new(Service).Standing(Account{App: DefaultApp, DisplayName: "Ada", URN: c.urn, Scopes: c.scopes}, noon)
		require.Equal(t, c.publishes, got.CannotPublish == nil, name)
		require.Equal(t, c.reads, got.MayRead, name)
	}
}

func TestATokenHasEndedByLinkedInsWordAlone(t *testing.T) {
	t.Parallel()
	ends := noon
	require.False(t, Standing{}.Ended(noon))
	require.False(t, Standing{Ends: &ends}.Ended(noon.Add(-1)))
	require.True(t, Standing{Ends: &ends}.Ended(noon))
	require.False(t, Standing{Ends: &ends, EndsAssumed: true}.Ended(noon), "LinkedIn decides")
}
