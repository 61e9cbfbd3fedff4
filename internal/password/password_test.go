package password_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/password"
)

func TestWhatAPasswordMayBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		password string
		right    bool
	}{
		"seven characters":               {"1234567", false},
		"eight":                          {"12345678", true},
		"eight that take two bytes each": {"éééééééé", true},
		"small letters alone":            {"correct horse", true},
		"128":                            {strings.Repeat("é", 128), true},
		"129":                            {strings.Repeat("é", 129), false},
		"nothing":                        {"", false},
		"blanks":                         {"          ", false},
		"a line end":                     {"12345678\n", false},
		"NUL":                            {"1234\x005678", false},
		"invalid UTF-8":                  {"12345678\xff", false},
		"signs of all kinds":             {"p%$'\"; DROP", true},
	} {
		faults := password.Faults("newPassword", c.password)
		require.Equal(t, c.right, len(faults) == 0, name)
		for _, f := range faults {
			require.Equal(t, "newPassword", f.Path, name)
			require.NotContains(t, c.password+" ", f.Problem, name)
		}
	}
}

func TestAHashIsOfOnePassword(t *testing.T) {
	t.Parallel()
	hasher := password.NewHasher(2)
	hash, err := hasher.Hash(t.Context(), "correct horse é")
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, hash)
	again, err := hasher.Hash(t.Context(), "correct horse é")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "two people with one password have different hashes")
	for name, c := range map[string]struct {
		password, hash string
		matches        bool
	}{
		"the same":                        {"correct horse é", hash, true},
		"written with another é":          {"correct horse e\u0301", hash, true},
		"another":                         {"correct horse e", hash, false},
		"none":                            {"", hash, false},
		"of nobody":                       {"correct horse é", "", false},
		"none, of nobody":                 {"", "", false},
		"longer than any password may be": {strings.Repeat("correct horse é", 100), hash, false},
	} {
		matches, err := hasher.Matches(t.Context(), c.password, c.hash)
		require.NoError(t, err, name)
		require.Equal(t, c.matches, matches, name)
	}
	_, err = hasher.Matches(t.Context(), "correct horse é", "no hash")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "correct horse")
}

// However many sign in at once, memory for so many passwords is taken as there are places; the others wait, as long as they like.
func TestMoreThanMayBeHashedAtOnceWait(t *testing.T) {
	t.Parallel()
	hasher := password.NewHasher(0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := hasher.Hash(ctx, "correct horse")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = hasher.Matches(ctx, "correct horse", "")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
