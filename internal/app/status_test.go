package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/status"
)

// examine is what doctor finds, by the check's name.
func (w *world) examine(cfg app.Config) map[string]status.Check {
	w.T.Helper()
	return byName(w.T, app.Diagnose(w.T.Context(), cfg, slog.New(slog.DiscardHandler)))
}

func byName(t *testing.T, report status.Report) map[string]status.Check {
	t.Helper()
	found := map[string]status.Check{}
	for _, c := range report.Checks {
		_, twice := found[c.Name]
		require.False(t, twice, "two checks are called %s", c.Name)
		found[c.Name] = c
		if c.State == status.Failed || c.State == status.Warning {
			require.NotEmpty(t, c.Remedy, "%s: says what to do", c.Name)
		}
		for _, secret := range []string{apptest.MemberToken, "hunter2", "SQLSTATE", "dial tcp"} {
			require.NotContains(t, c.Detail+c.Remedy, secret)
		}
	}
	return found
}

func TestWhenAllIsWellEveryCheckSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.LinkedIn.Scopes = []string{"openid", "profile", "w_member_social"}
		c.Server.Connections.Value = 100 // whatever files this machine lets a process open
	})
	w.Serve()
	found := w.examine(w.Config)
	for name, says := range map[string]string{
		"open files": "all connections that are set need 322",
		"database":   "PostgreSQL 1", "connections": "One process may open 22", "clock": "apart.", "migrations": "Every migration",
		"workers": "One process works jobs.", "release": "nothing is held",
		"encryption key":   "opens every token; connected accounts: 1. It opens every secret; webhooks: 0.",
		"linkedin app":     "accepts the app's client id and secret",
		"linkedin version": "LinkedIn serves the version 202609, until about 2027-09-15.",
		"webhooks":         "no webhook fails",
		"analysis":         "answers", "notification": "can be reached", "token of Tess Ter": "It ends in ",
		"scopes of Tess Ter": "It may do what it is asked to.",
		"quota of Tess Ter":  "Requests made today (UTC): ",
	} {
		require.Equal(t, status.OK, found[name].State, "%s: %+v", name, found[name])
		require.Contains(t, found[name].Detail, says)
	}
	require.Len(t, found, 16)
}

// Each thing that can be wrong, brought about for real: the check that finds it, and what it says to do.
func TestWhatIsWrongIsFoundWithItsRemedy(t *testing.T) {
	t.Parallel()
	onRead := func(mode, value string) func(w *world, _ *app.Config) {
		return func(w *world, _ *app.Config) {
			require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getPost", Mode: mode, Value: value}))
		}
	}
	for _, c := range []struct {
		name    string
		spoil   func(w *world, cfg *app.Config)
		check   string
		state   status.State
		detail  string
		remedy  string
		unknown []string // checks that can't be made then
	}{
		{"the database is away", func(_ *world, cfg *app.Config) { cfg.Database.URL = "postgres://postwright:hunter2@127.0.0.1:1/x" },
			"database", status.Failed, "can't be reached", "POSTWRIGHT_DATABASE_URL",
			[]string{"migrations", "workers", "encryption key", "accounts", "linkedin version"}},
		{"the database is not migrated", func(w *world, cfg *app.Config) { cfg.Database.URL = app.Secret(dbtest.NewEmpty(w.T)) },
			"migrations", status.Failed, "no Postwright tables yet", "postwright migrate up", []string{"workers", "encryption key", "accounts"}},
		{"the database takes no changes", func(_ *world, cfg *app.Config) { cfg.Database.URL += "&default_transaction_read_only=on" },
			"database", status.Failed, "takes no changes", "", []string{"migrations", "workers", "encryption key", "accounts"}},
		{"nobody works", func(w *world, _ *app.Config) { w.Exec(`DELETE FROM workers`) },
			"workers", status.Failed, "No process works jobs", "--role=workers", nil},
		{"a worker was not heard of for long", func(w *world, _ *app.Config) { w.Exec(`UPDATE workers SET seen_at = now() - interval '31 seconds'`) },
			"workers", status.Failed, "No process works jobs", "--role=workers", nil},
		{"another keyset", func(w *world, cfg *app.Config) {
			other, err := accounts.NewKeyset()
			require.NoError(w.T, err)
			cfg.LinkedIn.TokenKeyset = app.Secret(other)
		}, "encryption key", status.Failed, "of 1 of 1 connected accounts open with no key", "POSTWRIGHT_TOKEN_KEYSET", []string{"linkedin version"}},
		{"no keyset", func(_ *world, cfg *app.Config) { cfg.LinkedIn.TokenKeyset = "" },
			"encryption key", status.Failed, "No keyset is set", "postwright account keyset", []string{"linkedin version"}},
		{"LinkedIn is away", func(_ *world, cfg *app.Config) { cfg.LinkedIn.APIURL = "http://127.0.0.1:1" },
			"linkedin app", status.Failed, "127.0.0.1:1 can't be reached", "--linkedin-api-url", []string{"linkedin version"}},
		{"the app's secret is wrong", func(w *world, cfg *app.Config) {
			vendors := sandbox.New(sandbox.Options{Clock: app.Now, Log: slog.New(slog.DiscardHandler), ClientID: cfg.LinkedIn.ClientID,
				ClientSecret: "the right one"})
			server := httptest.NewServer(vendors.Handler())
			w.T.Cleanup(server.Close)
			cfg.LinkedIn.AuthURL = server.URL
		}, "linkedin app", status.Failed, "does not accept the app's client id and secret", "POSTWRIGHT_LINKEDIN_CLIENT_SECRET", nil},
		{"no app is set", func(_ *world, cfg *app.Config) { cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "", "" },
			"linkedin app", status.Warning, "members can't consent", "--linkedin-client-id", nil},
		{"the version is dead", onRead(sandbox.VersionSunset, ""),
			"linkedin version", status.Failed, "nothing can be published", "--linkedin-version", nil},
		{"the version ends soon", func(_ *world, cfg *app.Config) { cfg.LinkedIn.Version = "202601" },
			"linkedin version", status.Warning, "until 2027-01-15", "--linkedin-version", nil},
		{"no token works to ask with", onRead(sandbox.TokenRevoked, ""),
			"linkedin version", status.Unknown, "can't be asked", "", nil},
		{"the analysis service is away", func(_ *world, cfg *app.Config) { cfg.Analysis.URL = "http://127.0.0.1:1" },
			"analysis", status.Failed, "127.0.0.1:1 can't be reached", "--analysis-url", nil},
		{"the analysis service is away, and another engine is there", func(_ *world, cfg *app.Config) {
			cfg.Analysis.URL, cfg.Analysis.Engines = "http://127.0.0.1:1", []string{"api", "builtin"}
		}, "analysis", status.Warning, "next engine meanwhile: builtin", "--analysis-url", nil},
		{"no vendor analyses texts", func(_ *world, cfg *app.Config) { cfg.Analysis.URL = "" },
			"analysis builtin", status.OK, "English only", "", nil},
		{"the analysis service does not know the token", func(w *world, _ *app.Config) {
			require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Status, Value: "401"}))
		}, "analysis", status.Failed, "does not accept the token", "POSTWRIGHT_ANALYSIS_TOKEN", nil},
		{"the notification service is away", func(_ *world, cfg *app.Config) { cfg.Notification.URL = "http://127.0.0.1:1" },
			"notification", status.Failed, "127.0.0.1:1 can't be reached", "--notification-url", nil},
		{"no account", func(w *world, _ *app.Config) { w.Exec(`DELETE FROM linkedin_accounts`) },
			"accounts", status.Warning, "No LinkedIn account is connected", "ConnectAccount", nil},
		{"the account is paused", func(w *world, _ *app.Config) {
			w.Exec(`UPDATE linkedin_accounts SET paused_reason = 'REVOKED_ACCESS_TOKEN'`)
		},
			"token of Tess Ter", status.Failed, "LinkedIn refuses it (REVOKED_ACCESS_TOKEN)", "ConnectAccount", nil},
		{"the token has ended", func(w *world, _ *app.Config) {
			w.Exec(`UPDATE linkedin_accounts SET token_expires_at = now() - interval '1 hour'`)
		},
			"token of Tess Ter", status.Failed, "It ended at ", "ConnectAccount", nil},
		{"the token ends soon", func(w *world, _ *app.Config) {
			w.Exec(`UPDATE linkedin_accounts SET token_expires_at = now() + interval '13 days'`)
		},
			"token of Tess Ter", status.Warning, "It ends in 12 days", "ConnectAccount", nil},
		{"the token's end is not known", func(w *world, _ *app.Config) { w.Exec(`UPDATE linkedin_accounts SET token_expires_at = NULL`) },
			"token of Tess Ter", status.Unknown, "Nobody knows when it ends", "--linkedin-client-id", nil},
		{"the scope to publish is missing", func(w *world, _ *app.Config) { w.Exec(`UPDATE linkedin_accounts SET scopes = '{openid}'`) },
			"scopes of Tess Ter", status.Failed, "its token lacks the scope w_member_social", "--linkedin-scopes", nil},
		{"a scope that members are asked for is missing", func(_ *world, cfg *app.Config) {
			cfg.LinkedIn.Scopes = append(cfg.LinkedIn.Scopes, "r_member_social", "r_something_new")
		}, "scopes of Tess Ter", status.Warning, "r_member_social (reading the member's posts), r_something_new (asked for by --linkedin-scopes)",
			"ConnectAccount", nil},
		{"nobody knows the scopes", func(w *world, _ *app.Config) { w.Exec(`UPDATE linkedin_accounts SET scopes = '{}'`) },
			"scopes of Tess Ter", status.Unknown, "Nobody knows what its token may do", "--linkedin-client-id", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Exec(`INSERT INTO workers VALUES (gen_random_uuid(), now(), now())`)
			cfg := w.Config
			cfg.LinkedIn.Scopes = []string{"openid", "profile", "w_member_social"}
			c.spoil(w, &cfg)
			found := w.examine(cfg)
			require.Equal(t, c.state, found[c.check].State, "%+v", found)
			require.Contains(t, found[c.check].Detail, c.detail)
			require.Contains(t, found[c.check].Remedy, c.remedy)
			for _, name := range c.unknown {
				require.Equal(t, status.Unknown, found[name].State, "%s: %+v", name, found[name])
			}
			for name, other := range found {
				if name != c.check && other.State == status.Failed {
					require.Contains(t, []string{"the version is dead"}, c.name, "%s fails too: %+v", name, other)
				}
			}
		})
	}
}

// LinkedIn is asked about its version with the token of the first account that it accepts.
func TestAnotherAccountsTokenIsTriedWhenLinkedInRefusesTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const second = "token-of-another-member"
	w.Vendors.AddMember(sandbox.Member{ID: "other", GivenName: "Otto", FamilyName: "Other", Token: second, Scopes: apptest.Scopes})
	user, err := w.App.Identity.UserByEmail(t.Context(), "tess@example.org")
	require.NoError(t, err)
	_, err = w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: user.ID, Token: second})
	require.NoError(t, err)
	w.Vendors.Revoke("tester")
	require.Equal(t, status.OK, w.examine(w.Config)["linkedin version"].State)
	w.Vendors.Revoke("other")
	require.Equal(t, status.Unknown, w.examine(w.Config)["linkedin version"].State)
}

func TestAFaultyConfigurationIsFoundWhole(t *testing.T) {
	t.Parallel()
	cfg := app.Defaults()
	cfg.LinkedIn.Version, cfg.Analysis.URL = "202612", "analysis"
	report := app.Diagnose(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.Equal(t, status.Failed, report.State())
	require.Len(t, report.Checks, 3, "%+v", report.Checks)
	for _, c := range report.Checks {
		require.Equal(t, "configuration", c.Name)
	}
}

// A caller sees what all share and their own accounts, and nobody else's.
func TestGetStatusShowsTheCallersOwnAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	var res struct {
		State  string
		Checks []struct{ Name, State, Detail, Remedy string }
	}
	a := w.Curl(w.Key, "SystemService/GetStatus", []byte(`{}`))
	require.Equal(t, 200, a.Status, "%s", a.Body)
	require.NoError(t, json.Unmarshal(a.Body, &res))
	names := map[string]string{}
	for _, c := range res.Checks {
		names[c.Name] = c.State
	}
	require.Equal(t, "CHECK_STATE_OK", names["database"])
	require.Equal(t, "CHECK_STATE_OK", names["token of Tess Ter"])

	stranger := w.Curl(w.User("stranger@example.org"), "SystemService/GetStatus", []byte(`{}`))
	require.NotContains(t, string(stranger.Body), "Tess Ter")
	require.Contains(t, string(stranger.Body), "No LinkedIn account is connected")
	require.Equal(t, 401, w.Curl("", "SystemService/GetStatus", []byte(`{}`)).Status)
}

// One owner is told nothing of others, not even whether there are any: the answer is the same without them, with one whose
// token works, and with one whose token no key opens.
func TestGetStatusTellsNothingOfOthersAccounts(t *testing.T) {
	t.Parallel()
	var seen []map[string][2]string
	for _, others := range []string{
		`DELETE FROM linkedin_accounts`, `UPDATE linkedin_accounts SET display_name = 'Otto'`,
		`UPDATE linkedin_accounts SET display_name = 'Otto', sealed_token = '\x00'`,
	} {
		w := newWorld(t)
		w.Exec(others)
		w.Serve()
		var res struct {
			Checks []struct{ Name, State, Detail string }
		}
		a := w.Curl(w.User("stranger@example.org"), "SystemService/GetStatus", []byte(`{}`))
		require.NoError(t, json.Unmarshal(a.Body, &res))
		require.NotContains(t, string(a.Body), "Otto")
		found := map[string][2]string{}
		for _, c := range res.Checks {
			if c.Name != "database" && c.Name != "clock" { // they tell times
				found[c.Name] = [2]string{c.State, c.Detail}
			}
		}
		seen = append(seen, found)
	}
	require.Equal(t, seen[0], seen[1])
	require.Equal(t, seen[0], seen[2])
}

func TestVendorsAreNotAskedAtEveryLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Operation: "analyzeSentiment", Mode: sandbox.Status, Value: "401", Times: 1}))
	for range 3 {
		a := w.Curl(w.Key, "SystemService/GetStatus", []byte(`{}`))
		require.Contains(t, string(a.Body), "The analysis service does not accept the token.", "another question would find all well")
	}
}

// Everybody who has an account is told of the end of a version, once for each distance.
func TestTheEndOfAVersionIsToldAheadOnceEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.LinkedIn.Version = "202601" }) // ends on 2027-01-15
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getPost", Mode: sandbox.VersionSunset}))
	w.Serve()
	look := func() {
		w.Exec(
			`INSERT INTO river.river_job (args, kind, max_attempts, queue, state) VALUES ('{}', 'look_at_linkedin_version', 5, 'default', 'available')`,
		)
		require.Eventually(t, func() bool {
			return w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'look_at_linkedin_version' AND state <> 'completed'`) == 0
		}, apptest.WaitLimit, apptest.WaitStep)
		w.Idle()
	}
	require.Eventually(t, func() bool { return len(w.Vendors.Notifications()) == 2 }, apptest.WaitLimit, apptest.WaitStep, "at the start")
	look()
	told := w.Vendors.Notifications()
	require.Len(t, told, 2, "by e-mail and by push, and not again")
	require.Equal(t, "LinkedIn does not serve version 202601 any more", told[0].Subject)
	require.Contains(t, told[0].Content, "--linkedin-version")
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM version_warnings WHERE version = '202601' AND days_before = 0`))
}

// A process that works jobs says so, and takes itself off the list when it stops; one whose word is not heard is not ready.
func TestWorkersAreKnownWhileTheyWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	require.Eventually(t, func() bool { return w.Get(w.URL+"/readyz").Status == 200 }, apptest.WaitLimit, apptest.WaitStep)
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM workers WHERE seen_at > now() - interval '5 seconds'`))
	require.NoError(t, stop())
	require.Zero(t, w.Count(`SELECT count(*) FROM workers`))
}

// One look that hangs holds up no other, and is said to have hung.
func TestALookThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	report := status.Run(ctx, []status.Checker{
		{Name: "hangs", Run: func(ctx context.Context) []status.Check { <-ctx.Done(); return nil }},
		{Name: "answers", Run: func(context.Context) []status.Check { return []status.Check{{Name: "answers", State: status.OK}} }},
	}, slog.New(slog.DiscardHandler))
	require.Equal(t, status.Unknown, report.Checks[0].State)
	require.Contains(t, report.Checks[0].Detail, "no answer")
	require.Equal(t, status.OK, report.Checks[1].State)
	require.Equal(t, status.Unknown, report.State())
}
