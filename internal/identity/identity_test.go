package identity_test

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newService(t *testing.T) (*identity.Service, *postgres.Store) {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns, cfg.Constraints = dbtest.New(t), 0, identity.Constraints()
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return identity.New(store, nil, func() time.Time { return noon }), store
}

func newUser(t *testing.T, s *identity.Service, email string) identity.User {
	t.Helper()
	user, err := s.CreateUser(t.Context(), email, "")
	require.NoError(t, err)
	return user
}

func fieldsOf(t *testing.T, err error) []string {
	t.Helper()
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	list := []string{}
	for _, f := range fault.Of(err).Fields {
		list = append(list, f.Path)
	}
	return list
}

func TestEveryFaultOfAUserIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	for name, c := range map[string]struct {
		email, name string
		want        []string
	}{
		"no address":              {"", "", []string{"email"}},
		"no @":                    {"ada", "", []string{"email"}},
		"nothing before the @":    {"@example.org", "", []string{"email"}},
		"a name before it":        {"Ada <ada@example.org>", "", []string{"email"}},
		"two addresses":           {"ada@example.org, bob@example.org", "", []string{"email"}},
		"blank around it":         {" ada@example.org", "", []string{"email"}},
		"a line break":            {"ada@example.org\r\nBcc: bob@example.org", "", []string{"email"}},
		"NUL in the address":      {"a\x00da@example.org", "", []string{"email"}},
		"255 bytes":               {strings.Repeat("a", 243) + "@example.org", "", []string{"email"}},
		"a name of 201":           {"ada@example.org", strings.Repeat("é", 201), []string{"name"}},
		"NUL in the name":         {"ada@example.org", "A\x00", []string{"name"}},
		"invalid UTF-8, and no @": {"ada\xff", "\xff", []string{"email", "name"}},
		"everything at once":      {"ada", strings.Repeat("a", 201), []string{"email", "name"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.CreateUser(t.Context(), c.email, c.name)
			require.Equal(t, c.want, fieldsOf(t, err))
		})
	}
	users, err := s.ListUsers(t.Context())
	require.NoError(t, err)
	require.Empty(t, users)
}

func TestAnAddressNamesOneUserWhateverItsCase(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	made, err := s.CreateUser(t.Context(), "Ada@Example.org", strings.Repeat("é", 200))
	require.NoError(t, err)
	require.Equal(t, "Ada@Example.org", made.Email, "kept as it was given")
	for _, email := range []string{"Ada@Example.org", "ada@example.org", "ADA@EXAMPLE.ORG"} {
		found, err := s.UserByEmail(t.Context(), email)
		require.NoError(t, err)
		require.Equal(t, made, found)
	}
	_, err = s.CreateUser(t.Context(), "aDA@example.ORG", "")
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.Equal(t, "email", fault.Of(err).Fields[0].Path)
	_, err = s.UserByEmail(t.Context(), "bob@example.org")
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	require.Contains(t, fault.Of(err).Message, "bob@example.org")
	users, err := s.ListUsers(t.Context())
	require.NoError(t, err)
	require.Equal(t, []identity.User{made}, users)
}

func TestAKeyTellsWhoseItIs(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	ada, bob := newUser(t, s, "ada@example.org"), newUser(t, s, "bob@example.org")
	adas, _, err := s.CreateKey(t.Context(), ada.ID, "laptop")
	require.NoError(t, err)
	bobs, _, err := s.CreateKey(t.Context(), bob.ID, "")
	require.NoError(t, err)
	for key, want := range map[string]uuid.UUID{adas: ada.ID, bobs: bob.ID} {
		got, err := s.Authenticate(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, want, got.OwnerID)
	}
}

func TestOnlyAHashOfAKeyIsKept(t *testing.T) {
	t.Parallel()
	s, store := newService(t)
	ada := newUser(t, s, "ada@example.org")
	key, kept, err := s.CreateKey(t.Context(), ada.ID, "laptop")
	require.NoError(t, err)
	require.Regexp(t, `^pw_[0-9a-f]{10}_[0-9a-f]{64}$`, key)
	require.Equal(t, key[:len("pw_")+10], kept.Prefix)
	hash := sha256.Sum256([]byte(key))
	var stored []byte
	require.NoError(t, store.Pool().QueryRow(t.Context(), "SELECT hash FROM api_keys").Scan(&stored))
	require.Equal(t, hash[:], stored)

	var row string
	require.NoError(t, store.Pool().QueryRow(t.Context(), "SELECT api_keys::text FROM api_keys").Scan(&row))
	secret := key[len(kept.Prefix)+1:]
	require.NotContains(t, row, secret)
	require.Contains(t, row, kept.Prefix)
}

func TestEveryKeyIsAnother(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	ada := newUser(t, s, "ada@example.org")
	first, a, err := s.CreateKey(t.Context(), ada.ID, "same label")
	require.NoError(t, err)
	second, b, err := s.CreateKey(t.Context(), ada.ID, "same label")
	require.NoError(t, err)
	require.NotEqual(t, a.Prefix, b.Prefix)
	require.NotEqual(t, first[len(a.Prefix):], second[len(b.Prefix):])
	keys, err := s.ListKeys(t.Context(), ada.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []identity.Key{a, b}, keys)
	keys, err = s.ListKeys(t.Context(), newUser(t, s, "bob@example.org").ID)
	require.NoError(t, err)
	require.Empty(t, keys)
}

func TestAKeyThatCannotBeMade(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	ada := newUser(t, s, "ada@example.org")
	for _, label := range []string{strings.Repeat("a", 201), "a\x00", "\xff"} {
		key, _, err := s.CreateKey(t.Context(), ada.ID, label)
		require.Equal(t, []string{"label"}, fieldsOf(t, err))
		require.Empty(t, key)
	}
	_, _, err := s.CreateKey(t.Context(), uuid.New(), "of nobody")
	require.True(t, fault.Is(err, fault.Precondition), "%v", err)
}

func TestOtherKeysAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	key, kept, err := s.CreateKey(t.Context(), newUser(t, s, "ada@example.org").ID, "")
	require.NoError(t, err)
	other := strings.Repeat("0", 64)
	for name, c := range map[string]struct{ key, message string }{
		"none":                   {"", "has not the form"},
		"its prefix only":        {kept.Prefix, "has not the form"},
		"one character short":    {key[:len(key)-1], "has not the form"},
		"one character more":     {key + "0", "has not the form"},
		"a line end more":        {key + "\n", "has not the form"},
		"in capitals":            {strings.ToUpper(key), "has not the form"},
		"invalid UTF-8 and NUL":  {"pw_\xff\x00", "has not the form"},
		"with another secret":    {kept.Prefix + "_" + other, "is not known"},
		"with an unknown prefix": {"pw_0123456789" + key[len(kept.Prefix):], "is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			kept, err := s.Authenticate(t.Context(), c.key)
			require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
			require.Contains(t, fault.Of(err).Message, c.message)
			require.Empty(t, kept)
			if c.key != "" {
				require.NotContains(t, err.Error(), c.key)
			}
		})
	}
}

func TestARevokedKeyEndsAtOnceAndForGood(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	ada := newUser(t, s, "ada@example.org")
	for name, named := range map[string]func(key string, kept identity.Key) string{
		"by its prefix":    func(_ string, kept identity.Key) string { return kept.Prefix },
		"by the whole key": func(key string, _ identity.Key) string { return key },
	} {
		t.Run(name, func(t *testing.T) {
			key, kept, err := s.CreateKey(t.Context(), ada.ID, "")
			require.NoError(t, err)
			revoked, err := s.RevokeKey(t.Context(), named(key, kept))
			require.NoError(t, err)
			require.Equal(t, kept.ID, revoked.ID)
			require.True(t, revoked.RevokedAt.Equal(noon))

			_, err = s.Authenticate(t.Context(), key)
			require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
			require.Contains(t, fault.Of(err).Message, "revoked")
			_, err = s.RevokeKey(t.Context(), named(key, kept))
			require.True(t, fault.Is(err, fault.NotFound), "%v", err)
			require.NotContains(t, fmt.Sprint(err), key[len(kept.Prefix):], "a secret is not repeated")
		})
	}
	_, err := s.RevokeKey(t.Context(), "pw_0123456789")
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}

func TestTheCallerTravelsInTheContext(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	caller, err := identity.Caller(identity.WithCaller(t.Context(), identity.Access{UserID: id}))
	require.NoError(t, err)
	require.Equal(t, id, caller)
	_, err = identity.Caller(t.Context())
	require.True(t, fault.Is(err, fault.Unauthenticated), "%v", err)
}
