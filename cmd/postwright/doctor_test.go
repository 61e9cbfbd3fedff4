package main

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/status"
)

// The exit code is for scripts: 1 when something failed, 0 when nothing did, warnings or not.
func TestDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	vendors := httptest.NewServer(sandbox.New(sandbox.Options{Clock: app.Now, Log: slog.New(slog.DiscardHandler)}).Handler())
	t.Cleanup(vendors.Close)
	keyset, err := accounts.NewKeyset()
	require.NoError(t, err)
	flags := []string{
		"doctor", "--linkedin-api-url=" + vendors.URL, "--linkedin-auth-url=" + vendors.URL, "--analysis-url=" + vendors.URL,
		"--notification-url=" + vendors.URL, "--linkedin-token-keyset=" + keyset, "--linkedin-client-id=app", "--linkedin-client-secret=secret",
	}
	on := func(databaseURL string, more ...string) []string {
		return append(append([]string{}, flags...), append(more, "--database-url="+databaseURL)...)
	}

	code, out, errOut := postwright(t, on(dbtest.NewEmpty(t))...)
	require.Equal(t, 1, code)
	require.Contains(t, out, "ok       database: PostgreSQL ")
	require.Contains(t, out, "FAILED   migrations: The database has no Postwright tables yet")
	require.Contains(t, out, "         -> Run `postwright migrate up`")
	require.Contains(t, out, "ok       analysis: The analysis service answers.")
	require.Equal(t, "postwright: something is not in order\n", errOut)

	code, out, _ = postwright(t, on("postgres://u:hunter2@127.0.0.1:1/x")...)
	require.Equal(t, 1, code)
	require.Contains(t, out, "FAILED   database: ")
	require.NotContains(t, out, "hunter2")

	migrated := dbtest.New(t)
	code, out, _ = postwright(t, on(migrated, "--json")...)
	require.Equal(t, 1, code, "no process works jobs")
	var report struct {
		State  status.State
		Checks []status.Check
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, status.Failed, report.State)
	for _, check := range report.Checks {
		if check.State == status.Failed {
			require.Equal(t, "workers", check.Name)
		}
	}

	code, out, _ = postwright(t, append(flags, "--linkedin-version=202612")...)
	require.Equal(t, 1, code)
	require.Contains(t, out, "FAILED   configuration: --database-url is missing")
	require.Contains(t, out, "FAILED   configuration: --linkedin-version must be YYYYMM")
}

func TestDoctorEndsWellWhenNothingFailed(t *testing.T) {
	t.Parallel()
	vendors := httptest.NewServer(sandbox.New(sandbox.Options{Clock: app.Now, Log: slog.New(slog.DiscardHandler)}).Handler())
	t.Cleanup(vendors.Close)
	keyset, err := accounts.NewKeyset()
	require.NoError(t, err)
	databaseURL := dbtest.New(t)
	heard(t, databaseURL)
	code, out, errOut := postwright(t, "doctor", "--linkedin-api-url="+vendors.URL, "--linkedin-auth-url="+vendors.URL, "--analysis-url="+vendors.URL,
		"--notification-url="+vendors.URL, "--linkedin-token-keyset="+keyset, "--database-url="+databaseURL)
	require.Zero(t, code, "%s%s", out, errOut)
	require.Contains(t, out, "WARNING  linkedin app: No app is set")
	require.Contains(t, out, "WARNING  accounts: No LinkedIn account is connected")
	require.Empty(t, errOut)
}

// heard makes a process known that works jobs.
func heard(t *testing.T, databaseURL string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	_, err = conn.Exec(t.Context(), `INSERT INTO workers VALUES (gen_random_uuid(), now(), now())`)
	require.NoError(t, err)
}
