package identity_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
)

var long = identity.SessionLimits{Idle: 14 * 24 * time.Hour, Lifetime: 90 * 24 * time.Hour}

// sessions begin each by itself.
type sessions struct {
	*identity.Sessions
	store *postgres.Store
}

func (s sessions) begin(t *testing.T, owner uuid.UUID, browser identity.Browser) (token string, begun identity.Session, err error) {
	t.Helper()
	token, begun, ended, err := s.Begin(t.Context(), s.store, owner, browser)
	ended()
	return token, begun, err
}

// newSessions returns sessions, and what makes them all older: scs reads the machine's clock.
func newSessions(t *testing.T) (s sessions, users *identity.Service, age func(time.Duration)) {
	t.Helper()
	users, store := newService(t)
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	return sessions{identity.NewSessions(store, nil, long, now), store}, users, func(by time.Duration) {
		t.Helper()
		_, err := store.Pool().Exec(t.Context(), `UPDATE sessions SET created_at = created_at - $1::interval, last_used_at = last_used_at - $1,
			expires_at = expires_at - $1, ends_at = ends_at - $1`, by)
		require.NoError(t, err)
	}
}

var laptop = identity.Browser{UserAgent: "Mozilla/5.0 (X11; Linux)", Address: netip.MustParseAddr("192.0.2.7")}

func TestOnlyWhoHasTheTokenIsInTheSession(t *testing.T) {
	t.Parallel()
	s, users, _ := newSessions(t)
	ada := newUser(t, users, "ada@example.org")
	token, begun, err := s.begin(t, ada.ID, laptop)
	require.NoError(t, err)
	require.Equal(t, []any{ada.ID, laptop.UserAgent, "192.0.2.7"}, []any{begun.OwnerID, begun.UserAgent, begun.Address})
	require.WithinDuration(t, time.Now().Add(long.Idle), begun.ExpiresAt, time.Minute)
	require.WithinDuration(t, time.Now().Add(long.Lifetime), begun.EndsAt, time.Minute)
	require.NotContains(t, fmt.Sprintf("%+v", begun), token, "it is not kept")
	got, err := s.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []any{begun.ID, begun.OwnerID, begun.Number}, []any{got.ID, got.OwnerID, got.Number})

	other, _, err := s.begin(t, ada.ID, laptop)
	require.NoError(t, err)
	require.NotEqual(t, token, other)
	for name, wrong := range map[string]string{
		"none": "", "nonsense": "x", "the hash": begun.TokenHash, "one character more": token + "A", "NUL": token + "\x00", "half": token[:20],
	} {
		_, err := s.Authenticate(t.Context(), wrong)
		require.True(t, fault.Is(err, fault.Unauthenticated), "%s: %v", name, err)
		require.Equal(t, identity.ReasonSessionEnded, fault.Of(err).Reason, name)
	}
}

func TestOneUserHasNothingOfAnothersSessions(t *testing.T) {
	t.Parallel()
	s, users, _ := newSessions(t)
	ada, bob := newUser(t, users, "ada@example.org"), newUser(t, users, "bob@example.org")
	token, begun, err := s.begin(t, ada.ID, laptop)
	require.NoError(t, err)
	require.True(t, fault.Is(s.End(t.Context(), bob.ID, begun.ID), fault.NotFound))
	page, err := s.List(t.Context(), identity.ListInput{OwnerID: bob.ID})
	require.NoError(t, err)
	require.Empty(t, page.Sessions)
	_, err = s.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.NoError(t, s.End(t.Context(), ada.ID, begun.ID))
	require.True(t, fault.Is(s.End(t.Context(), ada.ID, begun.ID), fault.NotFound), "once")
	_, err = s.Authenticate(t.Context(), token)
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
}

// However often it is used: a token that somebody has copied is worth nothing some day.
func TestASessionEndsWithoutUseAndInAnyCase(t *testing.T) {
	t.Parallel()
	s, users, age := newSessions(t)
	ada := newUser(t, users, "ada@example.org")
	token, _, err := s.begin(t, ada.ID, laptop)
	require.NoError(t, err)
	unused, _, err := s.begin(t, ada.ID, laptop)
	require.NoError(t, err)
	const most = 13 * 24 * time.Hour
	for passed := most; passed < long.Lifetime; passed += most {
		age(most)
		used, err := s.Authenticate(t.Context(), token)
		require.NoError(t, err, "after %s", passed)
		require.WithinDuration(t, time.Now(), used.LastUsedAt, time.Minute)
		if passed > long.Idle {
			_, err = s.Authenticate(t.Context(), unused)
			require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
		}
		page, err := s.List(t.Context(), identity.ListInput{OwnerID: ada.ID})
		require.NoError(t, err)
		require.False(t, page.Sessions[0].ExpiresAt.After(page.Sessions[0].EndsAt))
	}
	age(most)
	_, err = s.Authenticate(t.Context(), token)
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
	page, err := s.List(t.Context(), identity.ListInput{OwnerID: ada.ID})
	require.NoError(t, err)
	require.Empty(t, page.Sessions)
}

// A call that is under way as its session is ended does not begin it anew by being one more use of it.
func TestASessionThatIsEndedWhileItIsUsedStaysSo(t *testing.T) {
	t.Parallel()
	users, store := newService(t)
	ada := newUser(t, users, "ada@example.org")
	end := func() {}
	now := func() time.Time { // it is asked between the look for the session and the note of its use
		end()
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	s := sessions{identity.NewSessions(store, nil, long, now), store}
	token, begun, err := s.begin(t, ada.ID, laptop)
	require.NoError(t, err)
	_, err = store.Pool().Exec(t.Context(), `UPDATE sessions SET last_used_at = last_used_at - interval '1 hour'`)
	require.NoError(t, err)
	end = func() { _ = s.End(t.Context(), ada.ID, begun.ID) }
	_, err = s.Authenticate(t.Context(), token)
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
	var left int
	require.NoError(t, store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM sessions`).Scan(&left))
	require.Zero(t, left)
}

func TestSessionsAreListedThePageAfterTheOther(t *testing.T) {
	t.Parallel()
	s, users, _ := newSessions(t)
	ada := newUser(t, users, "ada@example.org")
	var want []uuid.UUID
	for range 12 {
		_, begun, err := s.begin(t, ada.ID, laptop)
		require.NoError(t, err)
		want = append([]uuid.UUID{begun.ID}, want...)
	}
	read := func(size int32) (got []uuid.UUID, pages int) {
		in := identity.ListInput{OwnerID: ada.ID, PageSize: size}
		for {
			page, err := s.List(t.Context(), in)
			require.NoError(t, err)
			pages++
			for _, session := range page.Sessions {
				got = append(got, session.ID)
			}
			if in.PageToken = page.NextPageToken; in.PageToken == "" {
				return got, pages
			}
		}
	}
	for size, pages := range map[int32]int{0: 2, 1: 12, 5: 3, 12: 1, 100: 1} {
		got, turned := read(size)
		require.Equal(t, want, got, size)
		require.Equal(t, pages, turned, size)
	}
	_, err := s.List(t.Context(), identity.ListInput{OwnerID: ada.ID, PageToken: "x"})
	require.Equal(t, []string{"pageToken"}, fieldsOf(t, err))
}

func TestOneSessionTooManyEndsTheOneThatWasUsedLeastLately(t *testing.T) {
	t.Parallel()
	s, users, age := newSessions(t)
	ada := newUser(t, users, "ada@example.org")
	var tokens []string
	for range 100 {
		token, _, err := s.begin(t, ada.ID, laptop)
		require.NoError(t, err)
		tokens = append(tokens, token)
	}
	age(time.Hour)
	_, err := s.Authenticate(t.Context(), tokens[0])
	require.NoError(t, err, "the oldest is used")
	_, _, err = s.begin(t, ada.ID, laptop)
	require.NoError(t, err)
	_, err = s.Authenticate(t.Context(), tokens[1])
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
	for _, i := range []int{0, 2, 99} {
		_, err = s.Authenticate(t.Context(), tokens[i])
		require.NoError(t, err, i)
	}
}

func TestWhatABrowserCallsItselfIsKeptAsFarAsItCanBe(t *testing.T) {
	t.Parallel()
	s, users, _ := newSessions(t)
	ada := newUser(t, users, "ada@example.org")
	for name, want := range map[string]string{
		"": "", "a\x00b": "ab", "a\xffb": "ab", strings.Repeat("é", 301): strings.Repeat("é", 300),
		strings.Repeat("x", 100_000): strings.Repeat("x", 300),
	} {
		_, begun, err := s.begin(t, ada.ID, identity.Browser{UserAgent: name})
		require.NoError(t, err)
		require.Equal(t, want, begun.UserAgent)
		require.Empty(t, begun.Address)
	}
}

func TestIdentifierSaysWhoseACallIs(t *testing.T) {
	t.Parallel()
	s, users, _ := newSessions(t)
	ada, bob := newUser(t, users, "ada@example.org"), newUser(t, users, "bob@example.org")
	key, kept, err := users.CreateKey(t.Context(), ada.ID, "")
	require.NoError(t, err)
	token, begun, err := s.begin(t, bob.ID, laptop)
	require.NoError(t, err)
	who := identity.Identifier{Users: users, Sessions: s.Sessions}
	byKey := identity.Access{UserID: ada.ID, KeyID: kept.ID}
	for name, c := range map[string]struct {
		proof identity.Proof
		want  identity.Access
	}{
		"a key":                    {identity.Proof{Key: key}, byKey},
		"a session":                {identity.Proof{Session: token}, identity.Access{UserID: bob.ID, SessionID: begun.ID}},
		"both: a key is meant":     {identity.Proof{Key: key, Session: token}, byKey},
		"a session's token as key": {identity.Proof{Key: token}, identity.Access{}},
		"a key as session's token": {identity.Proof{Session: key}, identity.Access{}},
		"a wrong key, and a token": {identity.Proof{Key: "x", Session: token}, identity.Access{}},
		"nothing":                  {identity.Proof{}, identity.Access{}},
	} {
		got, err := who.Identify(t.Context(), c.proof)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.want == identity.Access{}, fault.Is(err, fault.Unauthenticated), "%s: %v", name, err)
	}
	_, err = identity.CallersSession(identity.WithCaller(t.Context(), byKey))
	require.Equal(t, identity.ReasonNoSession, fault.Of(err).Reason)
	_, err = identity.CallersSession(t.Context())
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
}

func TestAProfileIsChangedByItsRules(t *testing.T) {
	t.Parallel()
	users, store := newService(t)
	made, err := users.Create(t.Context(), store, identity.NewUser{Email: "ada@example.org", TimeZone: "Europe/Berlin", Operator: true})
	require.NoError(t, err)
	require.True(t, made.Operator)
	changed, err := users.UpdateProfile(t.Context(), identity.Profile{UserID: made.ID, Name: "Ada", TimeZone: "Pacific/Honolulu"})
	require.NoError(t, err)
	made.Name, made.TimeZone = "Ada", "Pacific/Honolulu"
	require.Equal(t, made, changed)
	_, err = users.UpdateProfile(t.Context(), identity.Profile{UserID: made.ID, Name: "\x00", TimeZone: "Berlin"})
	require.Equal(t, []string{"displayName", "timeZone"}, fieldsOf(t, err))
	_, err = users.UpdateProfile(t.Context(), identity.Profile{UserID: uuid.New()})
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}
