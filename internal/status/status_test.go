package status

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
)

func TestClocksThatAreApart(t *testing.T) {
	t.Parallel()
	for ahead, state := range map[time.Duration]State{
		0: OK, 4999 * time.Millisecond: OK, -4999 * time.Millisecond: OK,
		5 * time.Second: Warning, -5 * time.Second: Warning, 59 * time.Second: Warning, time.Minute: Failed, -time.Hour: Failed,
	} {
		require.Equal(t, state, clock(ahead)[0].State, ahead)
	}
}

func TestAProcessThatMayOpenFewerFilesThanItsSettingsNeed(t *testing.T) {
	t.Parallel()
	for most, want := range map[uint64]State{1024: Warning, 4221: Warning, 4222: OK, 1 << 63: OK} {
		got := Files(func() (uint64, error) { return most, nil }, 4222).Run(t.Context())
		require.Len(t, got, 1)
		require.Equal(t, want, got[0].State, "%d", most)
		require.Contains(t, got[0].Detail, "need 4222")
	}
	got := Files(func() (uint64, error) { return 0, errors.New("no such call") }, 4222).Run(t.Context())
	require.Equal(t, Unknown, got[0].State)
}

func TestTheWorstCheckDecides(t *testing.T) {
	t.Parallel()
	report := func(states ...State) Report {
		var r Report
		for _, s := range states {
			r.Checks = append(r.Checks, Check{State: s})
		}
		return r
	}
	require.Equal(t, OK, Report{}.State())
	require.Equal(t, Unknown, report(OK, Unknown).State())
	require.Equal(t, Warning, report(Warning, Unknown).State())
	require.Equal(t, Failed, report(OK, Failed, Warning).State())
}

// A panic of one check ended the process.
func TestACheckThatPanicsHasFailedAndNoOtherHas(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	report := Run(t.Context(), []Checker{
		{Name: "broken", Run: func(context.Context) []Check { panic("no such thing") }},
		{Name: "sound", Run: func(context.Context) []Check { return single("sound", OK, "It works.", "") }},
	}, slog.New(slog.NewTextHandler(&log, nil)))
	require.Equal(t, []Check{
		{Name: "broken", State: Failed, Detail: "The check itself failed.", Remedy: "The log of this process has more: report it."},
		{Name: "sound", State: OK, Detail: "It works."},
	}, report.Checks)
	require.Equal(t, 1, strings.Count(log.String(), "no such thing"))
	require.Contains(t, log.String(), "check=broken")
	require.Contains(t, log.String(), "status_test.go", "the stack")
}

func TestWhatIsSaidOfATokensLife(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := func(days int) *time.Time { at := now.AddDate(0, 0, days); return &at }
	for _, c := range []struct {
		name     string
		standing accounts.Standing
		state    State
		detail   string
	}{
		{"long", accounts.Standing{Ends: in(30)}, OK, "It ends in 30 days"},
		{"not long", accounts.Standing{Ends: in(14)}, Warning, "It ends in 14 days"},
		{"its renewal was due and did not come", accounts.Standing{Ends: in(3), RenewalFailed: true}, Warning,
			"It ends in 3 days, at " + in(3).Format(time.RFC3339) + ", though it should have been renewed"},
		{"not long, but renewed by itself", accounts.Standing{Ends: in(7), RenewedUntil: in(200)}, OK,
			"It is renewed by itself until " + in(200).Format(time.RFC3339)},
		{"near", accounts.Standing{Ends: in(3)}, Warning, "It ends in 3 days"},
		{"what renewed it is gone", accounts.Standing{Ends: in(30), RefreshUnused: true}, OK, "Nothing renews it, though it has a refresh token"},
		{"what renewed it is gone, and the end is near", accounts.Standing{Ends: in(3), RefreshUnused: true}, Warning,
			"Nothing renews it, though it has a refresh token"},
		{"over, whatever would have renewed it", accounts.Standing{Ends: in(-1), RenewalFailed: true}, Failed, "It ended at "},
	} {
		got := token(accounts.Account{App: accounts.DefaultApp, DisplayName: "Ada"}, c.standing, now)
		require.Equal(t, c.state, got.State, c.name)
		require.Contains(t, got.Detail, c.detail, c.name)
	}
}

func TestWhichScopeAnAccountNeedsToPublish(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		urn, scope string
		state      State
	}{
		{"urn:li:person:a", "w_member_social", OK},
		{"urn:li:person:a", "w_organization_social", Failed},
		{"urn:li:organization:5", "w_organization_social", OK},
		{"urn:li:organization:5", "w_member_social", Failed},
	} {
		account := accounts.Account{App: accounts.DefaultApp, URN: c.urn, Scopes: []string{c.scope}}
		require.Equal(t, c.state, granted(account, new(accounts.Service).Standing(account, time.Time{}), nil).State, "%s with %s", c.urn, c.scope)
	}
}

func TestWhatIsKeptIsLookedAtAgainWhenItIsOld(t *testing.T) {
	t.Parallel()
	clock, runs := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 0
	checker := Checker{Name: "one", Run: func(context.Context) []Check {
		runs++
		return single("one", OK, "", "")
	}}
	cached := NewCachedChecks([]Checker{checker}, time.Minute, func() time.Time { return clock }, slog.New(slog.DiscardHandler))
	gone, leave := context.WithCancel(t.Context())
	leave()
	require.Equal(t, OK, cached.Checks(gone)[0].State, "a caller who leaves ends no look")
	clock = clock.Add(59 * time.Second)
	cached.Checks(t.Context())
	require.Equal(t, 1, runs)
	clock = clock.Add(time.Second)
	cached.Checks(t.Context())
	require.Equal(t, 2, runs)
}

// LinkedIn says nothing of a token that it does not know as the app's, and the account goes on: an operator is told.
func TestATokenThatLinkedInSaysNothingOfIsToldOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ends := now.AddDate(0, 0, 40)
	account, standing := accounts.Account{App: accounts.DefaultApp, DisplayName: "Ada"}, accounts.Standing{Ends: &ends}
	require.Equal(t, OK, token(account, standing, now).State)
	standing.Silent = true
	said := token(account, standing, now)
	require.Equal(t, Warning, said.State)
	require.Contains(t, said.Detail, "not this app's, or dead")
	require.NotEmpty(t, said.Remedy)
	standing.Paused = "REVOKED_ACCESS_TOKEN"
	require.Equal(t, Failed, token(account, standing, now).State, "what is worse is told")
}
