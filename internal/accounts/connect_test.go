package accounts_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// browse follows an authorization URL as the member's browser does, and returns what LinkedIn sends it back with.
func (w *world) browse(target string) url.Values {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, target, nil)
	require.NoError(w.t, err)
	resp, err := client.Do(req)
	require.NoError(w.t, err)
	require.NoError(w.t, resp.Body.Close())
	require.Equal(w.t, http.StatusFound, resp.StatusCode)
	back, err := resp.Location()
	require.NoError(w.t, err)
	return back.Query()
}

// consent begins a consent and lets the member give it.
func (w *world) consent(organization, member string) (state, code string) {
	w.t.Helper()
	consent, err := w.Connect(w.t.Context(), accounts.ConnectInput{OwnerID: w.owner, Organization: organization})
	require.NoError(w.t, err)
	back := w.browse(consent.URL + "&login_hint=" + member)
	return back.Get("state"), back.Get("code")
}

func TestAMembersConsentConnectsTheirAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	state, code := w.consent("", ada.ID)

	account, err := w.Complete(t.Context(), state, code)

	require.NoError(t, err)
	require.Equal(t, "urn:li:person:ada", account.URN)
	require.Equal(t, "Ada Lovelace", account.DisplayName)
	require.Equal(t, w.owner, account.OwnerID)
	require.ElementsMatch(t, adasScopes, account.Scopes)
	require.Equal(t, noon.Add(60*24*time.Hour), account.TokenExpiresAt().UTC())
	require.Nil(t, account.SealedRefreshToken(), "this app gets none")
	require.Contains(t, w.events, accounts.Connected)
}

func TestAConsentThatNobodyWaitsForChangesNothing(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(w *world) (state, code string){
		"used before": func(w *world) (string, string) {
			state, code := w.consent("", ada.ID)
			_, err := w.Complete(w.t.Context(), state, code)
			require.NoError(w.t, err)
			_, fresh := w.consent("", ada.ID)
			return state, fresh
		},
		"used up by a code that was refused": func(w *world) (string, string) {
			state, code := w.consent("", ada.ID)
			_, err := w.Complete(w.t.Context(), state, "no-code-of-theirs")
			require.Error(w.t, err)
			return state, code
		},
		"given up": func(w *world) (string, string) {
			state, code := w.consent("", ada.ID)
			require.NoError(w.t, w.Abandon(w.t.Context(), state, "access_denied", ""))
			return state, code
		},
		"too old": func(w *world) (string, string) {
			state, code := w.consent("", ada.ID)
			w.clock = w.clock.Add(20 * time.Minute)
			return state, code
		},
		"made up": func(w *world) (string, string) {
			_, code := w.consent("", ada.ID)
			return "made-up", code
		},
		"pushed out by many later ones": func(w *world) (string, string) {
			state, code := w.consent("", ada.ID)
			for range 20 {
				w.clock = w.clock.Add(time.Second)
				_, err := w.Connect(w.t.Context(), accounts.ConnectInput{OwnerID: w.owner})
				require.NoError(w.t, err)
			}
			return state, code
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			state, code := play(w)
			before, err := w.List(t.Context(), w.owner)
			require.NoError(t, err)
			_, err = w.Complete(t.Context(), state, code)
			require.True(t, fault.Is(err, fault.Precondition), "%v", err)
			require.Equal(t, accounts.ReasonStateUnknown, fault.Of(err).Reason)
			require.NotContains(t, err.Error(), state)
			after, err := w.List(t.Context(), w.owner)
			require.NoError(t, err)
			require.Equal(t, before, after)
		})
	}
}

func TestOnlyTheStatesHashIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	state, _ := w.consent("", ada.ID)
	var kept []byte
	require.NoError(t, w.store.QueryRow(t.Context(), "SELECT state_hash FROM consents").Scan(&kept))
	require.Len(t, kept, 32)
	require.NotContains(t, string(kept), state)
}

func TestWithoutAPublicAddressOrAnAppNobodyCanConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bare := accounts.New(accounts.Dependencies{
		Store: w.store, Jobs: w.jobs, LinkedIn: w.linkedIn, Vault: newVault(t), Now: w.now,
		Settings: accounts.Settings{Apps: []accounts.App{{Name: accounts.DefaultApp, API: w.linkedIn, Configured: true, Members: true}}},
	})
	_, err := bare.Connect(t.Context(), accounts.ConnectInput{OwnerID: w.owner})
	require.Equal(t, "NO_PUBLIC_URL", fault.Of(err).Reason)
	require.Contains(t, fault.Of(err).Message, "--server-public-url")
}

// LinkedIn may refuse a new token for moments.
func TestATokenThatIsRefusedForAMomentIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	state, code := w.consent("", ada.ID)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.TokenRevoked, Times: 1}))
	_, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
}

func TestAPageIsConnectedByAMemberWhoMayPostThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	editor := sandbox.Member{ID: "edna", GivenName: "Edna", FamilyName: "Editor", Organizations: []string{"77"},
		Scopes: []string{"openid", "profile", "w_organization_social", "rw_organization_admin"}}
	w.vendors.AddMember(editor)
	state, code := w.consent("77", editor.ID)
	account, err := w.Complete(t.Context(), state, code)
	require.NoError(t, err)
	require.Equal(t, "urn:li:organization:77", account.URN)

	state, code = w.consent("78", editor.ID)
	_, err = w.Complete(t.Context(), state, code)
	require.Equal(t, "NO_POSTING_ROLE", fault.Of(err).Reason, "%v", err)
}

func TestADisconnectedAccountIsForgottenAndCanComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	second := ada
	second.ID, second.Token = "ada2", "token-of-ada2"
	w.vendors.AddMember(second)
	other := w.add(w.owner, second.Token)

	require.NoError(t, w.Disconnect(t.Context(), w.owner, account.ID))
	require.NoError(t, w.Disconnect(t.Context(), w.owner, account.ID), "again is no error")

	require.Equal(t, accounts.Disconnected, w.events[len(w.events)-1])
	list, err := w.List(t.Context(), w.owner)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, other.ID, list[0].ID)
	require.True(t, list[0].IsDefault, "the next one becomes the default")
	_, err = w.Get(t.Context(), w.owner, &account.ID)
	require.Equal(t, accounts.ReasonDisconnected, fault.Of(err).Reason)
	var tokens int
	require.NoError(
		t,
		w.store.QueryRow(
			t.Context(),
			"SELECT count(*) FROM linkedin_accounts WHERE id = $1 AND (sealed_token IS NOT NULL OR sealed_refresh_token IS NOT NULL)",
			account.ID,
		).Scan(&tokens),
	)
	require.Zero(t, tokens)

	back := w.add(w.owner, ada.Token)
	require.Equal(t, account.ID, back.ID)
	require.False(t, back.IsDefault, "there is one by now")

	_, err = w.Get(t.Context(), w.owner, &back.ID)
	require.NoError(t, err)
	require.True(t, fault.Is(w.Disconnect(t.Context(), w.user("eve@example.org"), back.ID), fault.NotFound), "not somebody else's")
	err = w.Disconnect(t.Context(), w.owner, uuid.New())
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	require.Equal(t, accounts.ReasonNotFound, fault.Of(err).Reason)
}

// A name with a NUL kept its member from connecting, and one of zero-width characters was no name.
func TestAnyNameConnects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ answer, want string }{
		"a NUL":                       {`{"name":"A\u0000da"}`, "Ada"},
		"nothing that can be seen":    {`{"name":"\u200b\u2060"}`, "Ada Lovelace"},
		"nothing at all to be seen":   {`{"name":"\u200d","given_name":"\u3164","family_name":"\u0000"}`, "urn:li:person:ada"},
		"very long":                   {`{"name":"` + strings.Repeat("é", 200_000) + `"}`, strings.Repeat("é", 200)},
		"lines and directions":        {`{"name":" A\nda\u202e \u0007L "}`, "A da L"},
		"joiners that spell a word":   {`{"name":"شیرین\u200cبانو"}`, "شیرین\u200cبانو"},
		"half a character":            {`{"name":"Ada \ud800"}`, "Ada \uFFFD"},
		"another type than agreed on": {`{"name":["Ada"]}`, "Ada Lovelace"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Answer, Value: c.answer}))
			require.Equal(t, c.want, w.add(w.owner, ada.Token).DisplayName)
		})
	}
}

// told is an app that LinkedIn says this of any token.
type told struct {
	*linkedin.Client
	known  linkedin.Introspection
	failed error
}

func (a told) Introspect(context.Context, string) (linkedin.Introspection, error) {
	return a.known, a.failed
}

// Of several apps, one that LinkedIn refused kept the next from being asked, and the word of the last hid how the token died.
func TestATokenIsLookedForAtEveryApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	knows := told{known: linkedin.Introspection{Active: true, Scopes: adasScopes}}
	expired, foreign := told{known: linkedin.Introspection{Status: "expired"}}, told{}
	refused := told{failed: fault.New(fault.VendorRejected, "not your token").WithReason("REFUSED")}
	unset := told{known: linkedin.Introspection{Status: "unset"}, failed: fault.New(fault.Internal, "not set: must not be asked")}
	for name, c := range map[string]struct {
		apps   []told
		app    string // that the account gets
		reason string // of the fault
	}{
		"the first knows":            {[]told{knows, foreign}, "0", ""},
		"the first is refused":       {[]told{refused, knows}, "1", ""},
		"the first calls it dead":    {[]told{expired, foreign}, "", "EXPIRED_ACCESS_TOKEN"},
		"the last calls it dead":     {[]told{foreign, expired}, "", "EXPIRED_ACCESS_TOKEN"},
		"dead and refused":           {[]told{refused, expired}, "", "EXPIRED_ACCESS_TOKEN"},
		"dead, and an app can't ask": {[]told{expired, unset}, "", "EXPIRED_ACCESS_TOKEN"},
		"nobody's":                   {[]told{foreign, foreign}, "", "INVALID_ACCESS_TOKEN"},
		"nobody's, one refused":      {[]told{foreign, refused, foreign}, "", "REFUSED"},
		"of an app that can't ask":   {[]told{foreign, unset}, "1", ""},
	} {
		s := w.service(newVault(t), func(s *accounts.Settings) {
			s.Apps = nil
			for i, app := range c.apps {
				s.Apps = append(s.Apps, accounts.App{Name: strconv.Itoa(i), API: app, Configured: app.known.Status != "unset", Members: true})
			}
		})
		account, err := s.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
		if c.reason != "" {
			require.Equal(t, c.reason, fault.Of(err).Reason, "%s: %v", name, err)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.app, account.App, name)
	}
}

// What an account lacks to publish was told after its member had consented.
func TestScopesThatAreTooFewAreToldBeforeTheConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		page   string
		scopes []string
		lacks  []string
	}{
		{"", []string{"openid", "w_member_social"}, nil},
		{"", []string{"openid"}, []string{"w_member_social"}},
		{"", []string{"w_organization_social"}, []string{"w_member_social"}},
		{"5", []string{"w_organization_social", "r_organization_admin"}, nil},
		{"5", []string{"w_organization_social", "rw_organization_admin"}, nil},
		{"5", []string{"w_organization_social"}, []string{"rw_organization_admin or r_organization_admin"}},
		{"5", adasScopes, []string{"w_organization_social", "rw_organization_admin or r_organization_admin"}},
	} {
		s := w.service(newVault(t), func(s *accounts.Settings) { s.Apps[0].Scopes = c.scopes })
		consent, err := s.Connect(t.Context(), accounts.ConnectInput{OwnerID: w.owner, Organization: c.page})
		require.NoError(t, err)
		require.Len(t, consent.Warnings, len(c.lacks), "%v: %v", c.scopes, consent.Warnings)
		for i, scope := range c.lacks {
			require.Contains(t, consent.Warnings[i], "the scope "+scope)
		}
	}
}

// The warning names accounts, of which an owner may have thousands.
func TestAWarningOfManyAccountsNamesTwentyAndCountsTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(w.owner, ada.Token)
	_, err := w.store.Exec(t.Context(), `INSERT INTO linkedin_accounts
		SELECT (jsonb_populate_record(a, jsonb_build_object(
			'id', gen_random_uuid(), 'urn', 'urn:li:person:' || n, 'display_name', 'Member ' || n, 'is_default', false,
			'scopes', ARRAY['openid']))).*
		FROM linkedin_accounts a, generate_series(1, 1000) n`)
	require.NoError(t, err)
	consent, err := w.Connect(t.Context(), accounts.ConnectInput{OwnerID: w.owner})
	require.NoError(t, err)
	require.Len(t, consent.Warnings, 1)
	require.Equal(t, 20, strings.Count(consent.Warnings[0], "Member "))
	require.Contains(t, consent.Warnings[0], " and 980 more.")
}
