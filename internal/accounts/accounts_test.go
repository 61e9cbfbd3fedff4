package accounts_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

var (
	adasScopes = []string{"openid", "profile", "email", "w_member_social"}
	ada        = sandbox.Member{
		ID:         "ada",
		GivenName:  "Ada",
		FamilyName: "Lovelace",
		Email:      "ada@example.org",
		Token:      "token-of-ada",
		Scopes:     adasScopes,
	}
	// leo's token may read his basic profile, but not by OpenID Connect.
	leo = sandbox.Member{ID: "leo", GivenName: "Leo", FamilyName: "Old", Token: "token-of-leo", Scopes: []string{"r_basicprofile"}}
)

// world is accounts against the sandbox's LinkedIn, over real HTTP, and a database of their own.
type world struct {
	*accounts.Service
	t        *testing.T
	store    *postgres.Store
	linkedIn *linkedin.Client
	vendors  *sandbox.Sandbox
	jobs     *jobs.Client
	owner    uuid.UUID
	clock    time.Time

	mu       sync.Mutex
	events   []accounts.Event
	attempts map[string]int // by operation
	onToken  func()         // runs when LinkedIn has given one
}

func (w *world) now() time.Time { return w.clock }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: noon}
	w.vendors = sandbox.New(sandbox.Options{Clock: w.now, Log: slog.New(slog.DiscardHandler), Members: []sandbox.Member{ada, leo}})
	server := httptest.NewServer(w.vendors.Handler())
	t.Cleanup(server.Close)
	seam := outbound.New(
		outbound.Defaults(),
		outbound.DefaultPolicies(),
		countedTokens{Unobserved: outbound.Unobserved{}, world: w},
		slog.New(slog.DiscardHandler),
	)
	t.Cleanup(seam.Close)
	var err error
	w.linkedIn, err = linkedin.New(linkedin.Config{
		APIURL: server.URL, AuthURL: server.URL, Version: "202602", ClientID: "app", ClientSecret: "secret",
	}, seam.Client(linkedin.Vendor), w.now)
	require.NoError(t, err)
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	w.store, err = postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(w.store.Close)
	w.jobs, err = jobs.New(w.store, jobs.Config{}, noop.Tracer{}, clock, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	w.Service = w.service(newVault(t))
	w.Register(w.jobs)
	w.owner = w.user("owner@example.org")
	return w
}

// service is one more process with the same database. What follows an event is noted instead of done.
func (w *world) service(vault *accounts.Vault, change ...func(*accounts.Settings)) *accounts.Service {
	settings := accounts.Settings{CallbackURL: "http://127.0.0.1/callback", Apps: []accounts.App{
		{Name: accounts.DefaultApp, API: w.linkedIn, Configured: true, Scopes: adasScopes, Members: true, Pages: true},
	}}
	for _, c := range change {
		c(&settings)
	}
	follow := func(event accounts.Event, _ accounts.Account) []river.JobArgs {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, event)
		return nil
	}
	return accounts.New(accounts.Dependencies{
		Store: w.store, Jobs: w.jobs, LinkedIn: w.linkedIn, Vault: vault, Follow: follow, Settings: settings, Now: w.now,
	})
}

func newVault(t *testing.T) *accounts.Vault {
	t.Helper()
	keyset, err := accounts.NewKeyset()
	require.NoError(t, err)
	vault, err := accounts.NewVault(keyset)
	require.NoError(t, err)
	return vault
}

func (w *world) user(email string) uuid.UUID {
	w.t.Helper()
	user, err := db.New().UserInsert(w.t.Context(), w.store, db.UserInsertParams{ID: uuid.New(), Email: email, EmailKey: email, CreatedAt: noon})
	require.NoError(w.t, err)
	return user.ID
}

func (w *world) add(owner uuid.UUID, token string) accounts.Account {
	w.t.Helper()
	account, err := w.Add(w.t.Context(), accounts.AddInput{OwnerID: owner, Token: token})
	require.NoError(w.t, err)
	return account
}

func TestAnAccountIsKeptAsLinkedInNamesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	require.Equal(t, "urn:li:person:ada", account.URN)
	require.Equal(t, "Ada Lovelace", account.DisplayName)
	require.True(t, account.IsDefault, "the first is the default one")
	require.ElementsMatch(t, adasScopes, account.Scopes)
	require.True(t, account.TokenExpiresAt().Equal(noon.AddDate(0, 0, 60)), "%v", account.TokenExpiresAt())
	require.NotContains(t, string(account.SealedToken()), ada.Token)

	token, err := w.Token(account)
	require.NoError(t, err)
	require.Equal(t, ada.Token, token)
	list, err := w.List(t.Context(), w.owner)
	require.NoError(t, err)
	require.Equal(t, []accounts.Account{account}, list)
}

// A token added by hand had no end, so no warning ever came.
func TestWithoutIntrospectionScopesStayUnknownAndTheEndIsAssumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	able := w.Service
	w.Service = w.service(newVault(t), func(s *accounts.Settings) { s.Apps[0].Configured = false })
	account, err := w.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
	require.NoError(t, err)
	require.Empty(t, account.Scopes)
	require.True(t, account.TokenExpiryAssumed())
	require.True(t, account.TokenExpiresAt().Equal(noon.AddDate(0, 0, 60)))

	w.clock = noon.AddDate(0, 0, 47)
	require.NoError(t, w.Check(t.Context(), w.owner, account.ID))
	require.Contains(t, w.events, accounts.Expiring, "its owner is warned")

	w.clock = noon.AddDate(0, 0, 61)
	require.NoError(t, w.Check(t.Context(), w.owner, account.ID))
	account, err = w.Get(t.Context(), w.owner, &account.ID)
	require.NoError(t, err)
	require.Empty(t, account.PausedReason(), "it may live longer: LinkedIn decides")

	w.clock = noon
	known, err := able.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
	require.NoError(t, err)
	require.False(t, known.TokenExpiryAssumed(), "LinkedIn said it")
}

// One member of userinfo that nobody needs, as a string instead of a truth value, kept everybody from connecting.
func TestAnUnneededMemberOfAnotherTypeDoesNotKeepAnybodyFromConnecting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{
		Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Answer, Value: `{"email_verified":"true","locale":["en"],"picture":{}}`,
	}))
	require.Equal(t, "Ada Lovelace", w.add(w.owner, ada.Token).DisplayName)
}

func TestATokenThatLinkedInCallsDeadIsNotAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(
		t,
		w.vendors.Arm(
			sandbox.Fault{Vendor: "linkedin", Operation: "introspectToken", Mode: sandbox.Answer, Value: `{"active":false,"status":"expired"}`},
		),
	)
	_, err := w.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
	require.ErrorContains(t, err, "LinkedIn says that the token is expired: get another.")
	require.Equal(t, linkedin.ReasonExpiredToken, fault.Of(err).Reason)
}

func TestAnAccountConnectedAgainGetsTheNewToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.add(w.owner, ada.Token)
	renewed := ada
	renewed.Token, renewed.GivenName = "newer-token-of-ada", "Augusta"
	w.vendors.AddMember(renewed)
	second := w.add(w.owner, renewed.Token)
	require.Equal(t, first.ID, second.ID)
	require.True(t, second.IsDefault)
	require.Equal(t, "Augusta Lovelace", second.DisplayName)
	token, err := w.Token(second)
	require.NoError(t, err)
	require.Equal(t, renewed.Token, token)
	list, err := w.List(t.Context(), w.owner)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestAnAccountBelongsToItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.user("other@example.org")
	mine := w.add(w.owner, ada.Token)
	second := ada
	second.ID, second.Token = "ada2", "token-of-ada2"
	w.vendors.AddMember(second)
	minesToo := w.add(w.owner, second.Token)
	require.False(t, minesToo.IsDefault)
	theirs := w.add(other, ada.Token) // the same member, of another owner
	require.NotEqual(t, mine.ID, theirs.ID)

	found, err := w.Get(t.Context(), w.owner, nil)
	require.NoError(t, err)
	require.Equal(t, mine, found, "the default one")
	found, err = w.Get(t.Context(), w.owner, &minesToo.ID)
	require.NoError(t, err)
	require.Equal(t, minesToo, found)
	_, err = w.Get(t.Context(), w.owner, &theirs.ID)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	_, err = w.Profile(t.Context(), accounts.ProfileInput{OwnerID: w.owner, AccountID: &theirs.ID})
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	list, err := w.List(t.Context(), w.owner)
	require.NoError(t, err)
	require.ElementsMatch(t, []accounts.Account{mine, minesToo}, list)
}

func TestFindTakesPartInTheTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.add(w.owner, ada.Token)
	require.NoError(t, w.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE linkedin_accounts SET display_name = 'Only here' WHERE id = $1", account.ID)
		require.NoError(t, err)
		found, err := w.Find(t.Context(), tx, w.owner, nil)
		require.Equal(t, "Only here", found.DisplayName)
		return err
	}))
}

func TestATokenCopiedToAnotherAccountDoesNotOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.add(w.owner, ada.Token)
	theirs := w.add(w.user("other@example.org"), ada.Token)
	theirs = theirs.With(mine.SealedToken())
	_, err := w.Token(theirs)
	require.True(t, fault.Is(err, fault.Precondition), "%v", err)
	require.Equal(t, "TOKEN_SEALED", fault.Of(err).Reason)
}

func TestAnotherKeysetOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(w.owner, ada.Token)
	restarted := w.service(newVault(t))
	_, err := restarted.Profile(t.Context(), accounts.ProfileInput{OwnerID: w.owner})
	require.Equal(t, "TOKEN_SEALED", fault.Of(err).Reason, "%v", err)
}

func TestWithoutAKeysetNoTokenIsKeptOrOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(w.owner, ada.Token)
	bare := w.service(nil)
	_, addErr := bare.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: ada.Token})
	_, profileErr := bare.Profile(t.Context(), accounts.ProfileInput{OwnerID: w.owner})
	for _, err := range []error{addErr, profileErr} {
		require.True(t, fault.Is(err, fault.Precondition), "%v", err)
		require.Equal(t, "NO_TOKEN_KEYSET", fault.Of(err).Reason)
	}
	_, err := bare.Get(t.Context(), w.owner, nil)
	require.NoError(t, err, "the account itself can be read")
}

func TestATokenThatCannotBeUsedIsNotKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token string
		armed *sandbox.Fault
		want  fault.Kind
	}{
		"none":                    {"", nil, fault.Invalid},
		"blank":                   {" \n", nil, fault.Invalid},
		"with a line break in it": {"token\nof-ada", nil, fault.VendorAuth},
		"unknown to LinkedIn":     {"token-of-nobody", nil, fault.VendorAuth},
		"without openid":          {leo.Token, nil, fault.VendorRejected},
		"expired": {ada.Token, &sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.TokenExpired},
			fault.VendorAuth},
		"introspection fails": {ada.Token, &sandbox.Fault{Vendor: "linkedin", Operation: "introspectToken", Mode: sandbox.Drop},
			fault.VendorUnavailable},
		"LinkedIn talks nonsense": {ada.Token, &sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.GarbageBody},
			fault.VendorUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.armed != nil {
				require.NoError(t, w.vendors.Arm(*c.armed))
			}
			_, err := w.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: c.token})
			require.Equal(t, c.want.String(), fault.Of(err).Kind.String(), "%v", err)
			if c.want == fault.Invalid {
				require.Equal(t, "token", fault.Of(err).Fields[0].Path)
			}
			if c.token != "" {
				require.NotContains(t, err.Error(), c.token)
			}
			list, err := w.List(t.Context(), w.owner)
			require.NoError(t, err)
			require.Empty(t, list)
		})
	}
}

func TestAnOwnerWithoutAnAccountIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Get(t.Context(), w.owner, nil)
	require.True(t, fault.Is(err, fault.Precondition), "%v", err)
	require.Equal(t, "NO_ACCOUNT", fault.Of(err).Reason)
	list, err := w.List(t.Context(), w.owner)
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestAProfileIsAskedForTheWayTheTokenMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := w.add(w.owner, ada.Token)
	profile, err := w.Profile(t.Context(), accounts.ProfileInput{OwnerID: w.owner})
	require.NoError(t, err)
	require.Equal(t, "Ada Lovelace", profile.Name)
	require.Equal(t, "ada", profile.MemberID)
	require.Equal(t, ada.Email, profile.Email)

	t.Run("as itself where its scopes are unknown", func(t *testing.T) {
		account, err := w.Add(t.Context(), accounts.AddInput{OwnerID: w.user("unknown@example.org"), Token: ada.Token})
		require.NoError(t, err)
		profile, err := w.Profile(t.Context(), accounts.ProfileInput{OwnerID: account.OwnerID, AccountID: &account.ID})
		require.NoError(t, err)
		require.Equal(t, ada.Email, profile.Email)
	})
	t.Run("by id where it lacks openid", func(t *testing.T) {
		without := ada
		without.Scopes = []string{"r_basicprofile"}
		w.vendors.AddMember(without)
		_, err := w.store.Exec(t.Context(), "UPDATE linkedin_accounts SET scopes = '{r_basicprofile}' WHERE id = $1", known.ID)
		require.NoError(t, err)
		profile, err := w.Profile(t.Context(), accounts.ProfileInput{OwnerID: w.owner})
		require.NoError(t, err)
		require.Equal(t, "ada", profile.MemberID)
		require.Equal(t, "Ada", profile.GivenName)
		require.Empty(t, profile.Email, "the other way would tell")
	})
	t.Run("not of a page", func(t *testing.T) {
		_, err := w.store.Exec(t.Context(), "UPDATE linkedin_accounts SET urn = 'urn:li:organization:5' WHERE id = $1", known.ID)
		require.NoError(t, err)
		_, err = w.Profile(t.Context(), accounts.ProfileInput{OwnerID: w.owner})
		require.True(t, fault.Is(err, fault.Precondition), "%v", err)
	})
}

func TestWhatLinkedInRefusesReachesTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(w.owner, ada.Token)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.TokenRevoked}))
	_, err := w.Profile(t.Context(), accounts.ProfileInput{OwnerID: w.owner})
	require.True(t, fault.Is(err, fault.VendorAuth), "%v", err)
	require.Equal(t, http.StatusUnauthorized, fault.Of(err).Answer.Status)
	require.NotContains(t, err.Error(), ada.Token)
}
