package main

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/sql/migrations"
)

// postwright runs a command line in this process.
func postwright(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	return postwrightUntil(t.Context(), args...)
}

func postwrightUntil(ctx context.Context, args ...string) (code int, out, errOut string) {
	return postwrightAt(ctx, "error", args...)
}

// postwrightAt logs at a level.
func postwrightAt(ctx context.Context, level string, args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = run(ctx, append([]string{"--log-level=" + level}, args...), strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	t.Parallel()
	on := "--database-url=" + dbtest.NewEmpty(t)
	_, out, _ := postwright(t, "migrate", "status", on)
	files, err := fs.Glob(migrations.FS, "*.sql")
	require.NoError(t, err)
	all, newest := len(files), files[len(files)-1]
	require.Equal(t, all, strings.Count(out, "pending"))
	code, out, errOut := postwright(t, "migrate", "up", on)
	require.Zero(t, code, errOut)
	require.Equal(t, all, strings.Count(out, ".sql"))
	_, out, _ = postwright(t, "migrate", "up", on)
	require.Contains(t, out, "Nothing to do")
	code, out, errOut = postwright(t, "migrate", "redo", on)
	require.Zero(t, code, errOut)
	require.Contains(t, out, "redid "+newest)
	for range all {
		code, out, errOut = postwright(t, "migrate", "down", on)
		require.Zero(t, code, errOut)
		require.Contains(t, out, "took back")
	}
	for _, again := range []string{"down", "redo"} {
		code, out, errOut = postwright(t, "migrate", again, on)
		require.Zero(t, code, errOut)
		require.Contains(t, out, "Nothing to do", again)
	}
}

func TestMigrateCreateBeginsTheNextFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "00041_before.sql"), nil, 0o600))
	code, out, errOut := postwright(t, "migrate", "create", "add_campaign", "--folder", folder)
	require.Zero(t, code, errOut)
	require.Contains(t, out, "00042_add_campaign.sql")
	code, _, errOut = postwright(t, "migrate", "create", "Add Campaign", "--folder", folder)
	require.Equal(t, 2, code)
	require.Contains(t, errOut, "<name> must be")
}

func TestWhatIsWrongIsSaidPlainly(t *testing.T) {
	t.Parallel()
	empty, migrated := "--database-url="+dbtest.NewEmpty(t), "--database-url="+dbtest.New(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"no command":            {nil, 2, []string{"--help"}},
		"unknown command":       {[]string{"publish"}, 2, []string{"publish"}},
		"unknown flag":          {[]string{"serve", "--prot=1"}, 2, []string{"--prot"}},
		"no database":           {[]string{"user", "list"}, 2, []string{"--database-url is missing"}},
		"database out of reach": {[]string{"user", "list", "--database-url=postgres://127.0.0.1:1/x"}, 1, []string{"can't be reached"}},
		"not migrated":          {[]string{"user", "list", empty}, 1, []string{"postwright migrate up"}},
		"serve not migrated":    {[]string{"serve", empty}, 1, []string{"postwright migrate up"}},
		"migrating another one": {[]string{"migrate", "up", migrated, "--database-direct-url=" + dbtest.NewEmpty(t)}, 1,
			[]string{"must lead to the same database"}},
		"every fault of settings": {[]string{"serve", migrated, "--listen=x", "--jobs-max-workers=0", "--linkedin-version=202612"}, 2,
			[]string{"--listen", "--jobs-max-workers", "LinkedIn"}},
		"bad address of a user": {[]string{"user", "create", migrated, "--email=ada"}, 2, []string{"email must be"}},
		"key for nobody":        {[]string{"key", "create", migrated, "--user=ada@example.org"}, 1, []string{"no user", "user list"}},
		"revoking nothing":      {[]string{"key", "revoke", migrated, "pw_0123456789"}, 1, []string{"no key", "key list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errOut := postwright(t, c.args...)
			require.Equal(t, c.code, code, errOut)
			for _, says := range c.says {
				require.Contains(t, errOut, says)
			}
		})
	}
}

// Not parallel: the keyset is in the environment, as secrets are.
func TestTheKeysetIsRotatedByCommands(t *testing.T) {
	on := "--database-url=" + dbtest.New(t)
	keyset := func(flags ...string) string {
		code, out, errOut := postwright(t, append([]string{"account", "keyset"}, flags...)...)
		require.Zero(t, code, errOut)
		return strings.TrimSpace(out)
	}
	code, _, errOut := postwright(t, "account", "keyset", "--rotate")
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "set POSTWRIGHT_TOKEN_KEYSET")
	code, _, errOut = postwright(t, "key-rotate", on)
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "No token keyset is configured")

	old := keyset()
	t.Setenv("POSTWRIGHT_TOKEN_KEYSET", old)
	both := keyset("--rotate")
	require.Greater(t, len(both), len(old))
	t.Setenv("POSTWRIGHT_TOKEN_KEYSET", both)
	code, out, errOut := postwright(t, "key-rotate", on)
	require.Zero(t, code, errOut)
	require.Contains(t, out, "0 accounts")
	fresh := keyset("--prune")
	require.Len(t, fresh, len(old))
	require.NotEqual(t, old, fresh)
	code, _, errOut = postwright(t, "account", "keyset", "--rotate", "--prune")
	require.Equal(t, 2, code, errOut)
	t.Setenv("POSTWRIGHT_TOKEN_KEYSET", "no keyset")
	code, _, errOut = postwright(t, "account", "keyset", "--rotate")
	require.Equal(t, 2, code)
	require.Contains(t, errOut, "token keyset can't be read")
}

func TestAnAddressTakenTwiceIsRefusedWhateverItsCase(t *testing.T) {
	t.Parallel()
	on := "--database-url=" + dbtest.New(t)
	code, _, errOut := postwright(t, "user", "create", on, "--email=ada@example.org")
	require.Zero(t, code, errOut)
	code, _, errOut = postwright(t, "user", "create", on, "--email=Ada@example.org")
	require.Equal(t, 2, code)
	require.Contains(t, errOut, "email is taken")
}

func TestADemoGoesOnFromTheOneBefore(t *testing.T) {
	t.Parallel()
	dir := demoDir(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	demo := func(more ...string) string {
		code, out, errOut := postwright(t, append([]string{"demo", "--exit", "--dir", dir, "--listen", taken.Addr().String()}, more...)...)
		require.Zero(t, code, out+errOut)
		require.Contains(t, out, "is in use by another program; taking", "a port in use is no reason to fail")
		require.NotContains(t, out, "FAILED")
		return strings.Split(strings.Split(out, "Bearer ")[1], "'")[0]
	}
	first := demo()
	require.Equal(t, first, demo(), "the key of the first demo still works in the second")
	require.NotEqual(t, first, demo("--fresh"), "begun anew")
}

func TestADemoThatCannotStartLeavesWithAnotherCode(t *testing.T) {
	t.Parallel()
	code, _, errOut := postwright(t, "demo", "--exit", "--dir", demoDir(t), "--listen", "256.0.0.1:1")
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "--listen")
}

// Nobody but Postwright speaks in what migrate prints, whichever of its parts does the work.
func TestMigrateSpeaksWithOneVoice(t *testing.T) {
	t.Parallel()
	database := "--database-url=" + dbtest.NewEmpty(t)
	for _, c := range []struct {
		args  []string
		lines string
	}{
		{[]string{"migrate", "status"}, `^\d{5}_\S+\.sql +pending$`},
		{[]string{"migrate", "up"}, `^applied (\d{5}_\w+\.sql|job tables \d+: .+)$`},
		{[]string{"migrate", "up"}, `^Nothing to do: the schema is up to date\.$`},
		{[]string{"migrate", "redo"}, `^redid \d{5}_\w+\.sql$`},
		{[]string{"migrate", "down"}, `^took back \d{5}_\w+\.sql$`},
	} {
		code, out, errOut := postwright(t, append(c.args, database)...)
		require.Zero(t, code, errOut)
		require.Empty(t, errOut, c.args)
		for line := range strings.Lines(out) {
			require.Regexp(t, c.lines, strings.TrimSuffix(line, "\n"))
		}
	}
}

func TestServeCheckTriesAndSaysWhatItDidNotTry(t *testing.T) {
	t.Parallel()
	flags := []string{"serve", "--check", "--listen=127.0.0.1:0", "--database-url=" + dbtest.New(t)}
	code, out, errOut := postwright(t, flags...)
	require.Zero(t, code, errOut)
	require.Contains(t, out, "WARNING  encryption key: No keyset is set")
	require.Contains(t, out, "Not tried: whether LinkedIn")
	require.Contains(t, out, "It starts with this configuration; what the warnings say")
	require.NotContains(t, out, "in order.")
	code, out, _ = postwright(t, append(flags, "--linkedin-version=202511")...)
	require.Equal(t, 1, code)
	require.Contains(t, out, "FAILED   linkedin version")
	require.NotContains(t, out, "in order.")
}

func TestReleaseShowsWhatIsHeldAndLetsItGo(t *testing.T) {
	t.Parallel()
	database := "--database-url=" + dbtest.New(t)
	for _, c := range []struct {
		flag string
		code int
		says string
	}{
		{"--log-level=error", 0, "Nothing is held"},
		{"--hold", 0, "postwright release --review"},
		{"--log-level=error", 0, "An operator held everything."},
		{"--send", 0, "Released: everything goes out."},
		{"--review", 0, "Nothing is held"},
	} {
		code, out, errOut := postwright(t, "release", c.flag, database)
		require.Equal(t, c.code, code, errOut)
		require.Contains(t, out, c.says)
	}
}
