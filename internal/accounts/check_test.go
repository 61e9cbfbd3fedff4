package accounts_test

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/sandbox"
)

// rhea's app is one of those that get refresh tokens.
var rhea = sandbox.Member{ID: "rhea", GivenName: "Rhea", FamilyName: "New", Scopes: adasScopes, RefreshTokens: true}

// work looks at an account, once for each service, all at the same time.
func (w *world) work(account accounts.Account, services ...*accounts.Service) {
	w.t.Helper()
	var group sync.WaitGroup
	for _, s := range services {
		group.Go(func() {
			if err := s.Check(w.t.Context(), account.OwnerID, account.ID); err != nil {
				w.t.Error(err)
			}
		})
	}
	group.Wait()
}

func (w *world) read(id uuid.UUID) accounts.Account {
	w.t.Helper()
	account, err := w.Get(w.t.Context(), w.owner, &id)
	require.NoError(w.t, err)
	return account
}

func TestTheOwnerIsWarned14And7And1DaysAheadOnceEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	w.events = nil
	warned := []int{}
	for d := 60; d >= 0; d-- {
		for range 3 { // several times a day
			w.work(account, w.Service)
		}
		if len(w.events) > 0 {
			warned = append(warned, d)
			require.Len(t, w.events, 1)
			want := accounts.Expiring
			if d == 0 {
				want = accounts.Paused
			}
			require.Equal(t, want, w.events[0])
			w.events = nil
		}
		w.clock = w.clock.Add(24 * time.Hour)
	}
	require.Equal(t, []int{14, 7, 1, 0}, warned)
	require.Equal(t, "EXPIRED_ACCESS_TOKEN", w.read(account.ID).PausedReason())

	renewed := ada
	renewed.Token = "newer-token-of-ada"
	w.vendors.AddMember(renewed)
	again := w.add(w.owner, renewed.Token)
	require.Empty(t, again.PausedReason())
	require.Nil(t, again.WarnedDays(), "the new token's end is told anew")
}

func TestATokenThatLinkedInRevokedPausesTheAccountWithinADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	w.vendors.Revoke(ada.ID)
	w.clock = w.clock.Add(23 * time.Hour)
	w.work(account, w.Service)
	require.Empty(t, w.read(account.ID).PausedReason(), "LinkedIn is asked once a day")
	w.clock = w.clock.Add(time.Hour)
	w.work(account, w.Service)
	require.Equal(t, "REVOKED_ACCESS_TOKEN", w.read(account.ID).PausedReason())
	require.Equal(t, accounts.Paused, w.events[len(w.events)-1])
}

func TestATokenIsRenewedBeforeItsEndByOneProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vendors.AddMember(rhea)
	state, code := w.consent("", rhea.ID)
	account, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
	require.NotNil(t, account.SealedRefreshToken())
	w.work(account, w.Service)
	require.Equal(t, account.TokenRevision(), w.read(account.ID).TokenRevision(), "not yet")

	w.clock = w.clock.Add(54 * 24 * time.Hour)
	before := w.calls()
	w.events = nil
	// Slow, so that all of them come while the first asks.
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createAccessToken", Mode: sandbox.Slow, AfterMS: 200}))
	w.work(account, w.Service, w.Service, w.Service, w.Service)

	require.Equal(t, before+1, w.calls(), "one asked LinkedIn")
	renewed := w.read(account.ID)
	require.Equal(t, account.TokenRevision()+1, renewed.TokenRevision())
	require.Equal(t, w.clock.Add(60*24*time.Hour), renewed.TokenExpiresAt().UTC())
	require.NotNil(t, renewed.SealedRefreshToken())
	require.Equal(t, account.RefreshTokenExpiresAt().UTC(), renewed.RefreshTokenExpiresAt().UTC(), "refreshing does not extend it")
	require.Equal(t, []accounts.Event{accounts.Renewed}, w.events)
	token, err := w.Token(renewed)
	require.NoError(t, err)
	_, err = w.linkedIn.UserInfo(t.Context(), token)
	require.NoError(t, err)
}

func TestARefreshTokenIsNeverOverwrittenWithNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vendors.AddMember(rhea)
	state, code := w.consent("", rhea.ID)
	account, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
	token, err := w.Token(account)
	require.NoError(t, err)
	again := w.add(w.owner, token) // by hand, without one
	require.Equal(t, account.SealedRefreshToken(), again.SealedRefreshToken())
	require.Equal(t, account.RefreshTokenExpiresAt(), again.RefreshTokenExpiresAt())
}

func TestAnOwnerIsWarnedWhenARenewalKeepsFailing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vendors.AddMember(rhea)
	state, code := w.consent("", rhea.ID)
	account, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
	// invalid_grant: LinkedIn may take a refresh token back at any time.
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createAccessToken", Mode: sandbox.Status, Value: "400"}))
	w.events = nil
	w.clock = w.clock.Add(59*24*time.Hour + time.Hour)
	require.Error(t, w.Check(t.Context(), w.owner, account.ID))
	require.Equal(t, []accounts.Event{accounts.Expiring}, w.events)
}

// Nobody was told that LinkedIn had refused a refresh token, nor why, and it was asked again every hour.
func TestARefreshTokenThatIsRefusedIsToldOnceAndTriedOnceADay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuse func(*world, accounts.Account)
		said   string
		heals  bool
	}{
		"of a token that is about to end": {
			func(w *world, _ accounts.Account) { w.fail("createAccessToken", "400") }, "ILLEGAL_ARGUMENT (Bad Request)", true,
		},
		"of a token that is dead": {func(w *world, account accounts.Account) {
			w.vendors.Revoke(rhea.ID)
			require.NoError(w.t, w.store.InTx(w.t.Context(), func(tx *postgres.Tx) error {
				return w.Pause(w.t.Context(), tx, account, "REVOKED_ACCESS_TOKEN")
			}))
		}, "invalid_grant (The refresh token is unknown, revoked or expired)", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vendors.AddMember(rhea)
			state, code := w.consent("", rhea.ID)
			account, err := w.Complete(t.Context(), state, code)
			require.NoError(t, err)
			w.clock = w.clock.Add(54 * 24 * time.Hour)
			c.refuse(w, account)
			before := w.calls()
			err = w.Check(t.Context(), w.owner, account.ID)
			require.ErrorContains(t, err, "Rhea New")
			require.ErrorContains(t, err, c.said)
			for range 47 {
				w.clock = w.clock.Add(time.Hour)
				w.work(account, w.Service) // which fails the test if the job says it again
			}
			require.Equal(t, before+2, w.calls(), "once a day")
			if c.heals {
				w.vendors.Disarm()
				w.clock = w.clock.Add(time.Hour)
				w.work(account, w.Service)
				renewed := w.read(account.ID)
				require.Equal(t, account.TokenRevision()+1, renewed.TokenRevision())
				require.Nil(t, renewed.RenewalRefusedAt(), "of the new token nothing is known")
			}
		})
	}
}

// An expires_at of 0 paused an account that LinkedIn calls active, and one in milliseconds kept every warning away.
func TestAnEndThatCannotBeIsAssumed(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"0": "0", "negative": "-1", "gone by": "1772366399", "milliseconds": "1777636800000", "after the year 9999": "900000000000000000",
		"the greatest number": "9223372036854775807", "null": "null", "a date": `"2026-05-01"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(
				t,
				w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "introspectToken", Mode: sandbox.Answer, Value: `{"expires_at":` + value + `}`}),
			)
			account := w.add(w.owner, ada.Token)
			require.True(t, account.TokenExpiryAssumed())
			require.Equal(t, noon.AddDate(0, 0, 60), account.TokenExpiresAt().UTC())
			_, err := w.store.Exec(
				t.Context(),
				"-- name: FarEnd :exec\nUPDATE linkedin_accounts SET token_expires_at = to_timestamp(1893456000000), token_expiry_assumed = FALSE",
			)
			require.NoError(t, err)
			w.clock = w.clock.Add(24 * time.Hour)
			w.work(account, w.Service)
			checked := w.read(account.ID)
			require.Empty(t, checked.PausedReason(), "LinkedIn says that it is active")
			require.True(t, checked.TokenExpiryAssumed(), "what was taken before is mended")
			require.Equal(t, noon.AddDate(0, 0, 61), checked.TokenExpiresAt().UTC())
		})
	}
}

// After the app's secret was changed at LinkedIn, 62 days of refused introspections went by without a warning.
func TestTheOwnerIsWarnedHoweverRenewingOrAskingFails(t *testing.T) {
	t.Parallel()
	early, late := []int{14, 7, 1, 0}, []int{6, 1, 0} // a token that is renewed by itself is warned of when that has failed for a day
	for name, c := range map[string]struct {
		member sandbox.Member
		broken func(*world) *accounts.Service
		failed bool // which the job tells
		warned []int
	}{
		"introspection is refused": {ada, func(w *world) *accounts.Service { w.fail("introspectToken", "401"); return w.Service }, true, early},
		"introspection fails":      {ada, func(w *world) *accounts.Service { w.fail("introspectToken", "503"); return w.Service }, true, early},
		"renewing fails":           {rhea, func(w *world) *accounts.Service { w.fail("createAccessToken", "503"); return w.Service }, true, late},
		"renewing is refused":      {rhea, func(w *world) *accounts.Service { w.fail("createAccessToken", "400"); return w.Service }, true, late},
		"renewing and asking fails": {rhea, func(w *world) *accounts.Service {
			w.fail("createAccessToken", "503")
			w.fail("introspectToken", "503")
			return w.Service
		}, true, late},
		"no key opens the token": {ada, func(w *world) *accounts.Service { return w.service(newVault(w.t)) }, true, early},
		"no keyset":              {ada, func(w *world) *accounts.Service { return w.service(nil) }, false, early},
		"the app is not set any more": {rhea, func(w *world) *accounts.Service {
			return w.service(newVault(w.t), func(s *accounts.Settings) { s.Apps[0].Configured, s.Apps[0].API = false, w.withoutApp() })
		}, false, early},
		"the app is gone": {rhea, func(w *world) *accounts.Service {
			return w.service(newVault(w.t), func(s *accounts.Settings) { s.Apps = nil })
		}, false, early},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vendors.AddMember(rhea)
			state, code := w.consent("", c.member.ID)
			account, err := w.Complete(t.Context(), state, code)
			require.NoError(t, err)
			s := c.broken(w)
			w.events = nil
			warned, failures := []int{}, 0
			for d := 60; d >= -2; d-- {
				if s.Check(t.Context(), w.owner, account.ID) != nil {
					failures++
				}
				if len(w.events) > 0 {
					warned = append(warned, d)
					w.events = nil
				}
				w.clock = w.clock.Add(24 * time.Hour)
			}
			require.Equal(t, c.warned, warned)
			require.Equal(t, "EXPIRED_ACCESS_TOKEN", w.read(account.ID).PausedReason())
			require.Equal(t, c.failed, failures > 0, "%d failures", failures)
		})
	}
}

// An app that was set up later, and never gave the token, paused the account.
func TestATokenThatTheAppDoesNotKnowIsToldAndPausesNothing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"no status":          `{"active":false,"status":null}`,
		"an unknown status":  `{"active":false,"status":"unknown"}`,
		"active and not":     `{"active":false,"status":"active"}`,
		"an end that is odd": `{"active":false,"status":"","expires_at":0,"scope":""}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			account := w.add(w.owner, ada.Token)
			require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "introspectToken", Mode: sandbox.Answer, Value: answer}))
			w.events = nil
			w.clock = w.clock.Add(24 * time.Hour)
			require.False(t, w.Standing(account, w.clock).Silent)
			err := w.Check(t.Context(), w.owner, account.ID)
			require.Equal(t, "TOKEN_NOT_KNOWN", fault.Of(err).Reason, "%v", err)
			require.ErrorContains(t, err, "Ada Lovelace")
			checked := w.read(account.ID)
			require.Empty(t, checked.PausedReason())
			require.Equal(t, account.Scopes, checked.Scopes)
			require.Empty(t, w.events)
			w.clock = w.clock.Add(3 * time.Hour)
			require.True(t, w.Standing(checked, w.clock).Silent, "doctor says so")
			asked := w.asked("introspectToken")
			w.work(account, w.Service) // which fails the test if the job says it again
			require.Equal(t, asked, w.asked("introspectToken"), "asked once a day")
			w.clock = w.clock.Add(24 * time.Hour)
			w.work(account, w.Service)
			require.Equal(t, asked+1, w.asked("introspectToken"))
			require.True(t, w.Standing(w.read(account.ID), w.clock).Silent)

			w.vendors.Disarm()
			w.clock = w.clock.Add(24 * time.Hour)
			w.work(account, w.Service)
			heard := w.read(account.ID)
			require.Nil(t, heard.NotKnownAt(), "LinkedIn knows it now")
			require.Equal(t, w.clock, heard.CheckedAt().UTC())
		})
	}
}

// A token without a lifetime was thrown away, with the code or the refresh token used up.
func TestATokenWithoutALifetimeIsKept(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"null": "null", "empty": `""`, "0": "0", "negative": "-5", "no number": `"soon"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vendors.AddMember(rhea)
			require.NoError(
				t,
				w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createAccessToken", Mode: sandbox.Answer, Value: `{"expires_in":` + value + `}`}),
			)
			state, code := w.consent("", rhea.ID)
			account, err := w.Complete(t.Context(), state, code)
			require.NoError(t, err)
			assumed := func(account accounts.Account) {
				t.Helper()
				require.True(t, account.TokenExpiryAssumed())
				require.Equal(t, w.clock.AddDate(0, 0, 60), account.TokenExpiresAt().UTC())
				require.Nil(t, account.CheckedAt(), "LinkedIn is asked at once")
			}
			assumed(account)
			w.clock = w.clock.AddDate(0, 0, 54)
			w.work(account, w.Service)
			renewed := w.read(account.ID)
			require.Equal(t, account.TokenRevision()+1, renewed.TokenRevision())
			assumed(renewed)
			w.work(renewed, w.Service)
			require.False(t, w.read(account.ID).TokenExpiryAssumed(), "LinkedIn said it")
		})
	}
}

// fail has an operation of LinkedIn's answer with a status.
func (w *world) fail(operation, status string) {
	w.t.Helper()
	require.NoError(w.t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: operation, Mode: sandbox.Status, Value: status}))
}

// withoutApp is LinkedIn without a client id and secret.
func (w *world) withoutApp() accounts.OAuth {
	return w.linkedIn.WithApp("", "", accounts.SettingsOf(accounts.DefaultApp))
}

// calls counts the requests for tokens.
func (w *world) calls() int { return w.asked("createAccessToken") }

// asked counts the requests of an operation.
func (w *world) asked(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.attempts[operation]
}

// countedTokens is the seam's observer.
type countedTokens struct {
	outbound.Unobserved
	world *world
}

func (c countedTokens) Attempt(_, operation string, _ time.Duration, _ bool) {
	w := c.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.attempts == nil {
		w.attempts = map[string]int{}
	}
	w.attempts[operation]++
	if operation == "createAccessToken" && w.onToken != nil {
		w.onToken()
	}
}

// What the page promises is what is done.
func TestThePageAndTheAlertsNameTheDaysOfTheWarnings(t *testing.T) {
	t.Parallel()
	last, week, first := accounts.Warnings[0], accounts.Warnings[1], accounts.Warnings[2]
	require.Len(t, accounts.Warnings, 3)
	for file, says := range map[string][]string{
		"../../docs/accounts.md":            {fmt.Sprintf("told %d, %d and %d day before the end", first, week, last)},
		"../../docs/operations/alerts.yaml": {fmt.Sprintf("<= %d and", first), fmt.Sprintf("<= %d and", week), fmt.Sprintf("<= %d\n", last)},
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, words := range says {
			require.Contains(t, string(text), words, file)
		}
	}
}
