package app_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/status"
)

// What keeps a start from working, or from being of use, is found before it.
func TestWhatAStartWouldMeetIsTriedBefore(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, taken.Close()) })
	for name, c := range map[string]struct {
		change       func(t *testing.T, cfg *app.Config)
		check        string
		state        status.State
		says, remedy string
	}{
		"nothing": {func(*testing.T, *app.Config) {}, "configuration", status.OK, "", ""},
		"an address that is taken": {func(_ *testing.T, cfg *app.Config) { cfg.Server.Listen = taken.Addr().String() }, "address", status.Failed,
			"in use", ""},
		"a database that is not there": {func(_ *testing.T, cfg *app.Config) { cfg.Database.URL = "postgres://127.0.0.1:1/x?connect_timeout=2" },
			"database", status.Failed, "", "PostgreSQL"},
		"a database that is not migrated": {func(t *testing.T, cfg *app.Config) { cfg.Database.URL = app.Secret(dbtest.NewEmpty(t)) }, "migrations",
			status.Failed, "migrate up", ""},
		"another application's database": {func(t *testing.T, cfg *app.Config) {
			theirs := dbtest.NewEmpty(t)
			dbtest.Load(t, theirs, "CREATE TABLE goose_db_version (id serial, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp "+
				"DEFAULT now()); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true)")
			cfg.Database.URL = app.Secret(theirs)
		}, "migrations", status.Failed, "The database belongs to another application", ""},
		"a pooler without the second URL": {func(t *testing.T, cfg *app.Config) {
			cfg.Database.URL = app.Secret(dbtest.Pooler(t, cfg.Database.URL.Reveal(), "pool_mode = transaction"))
		}, "database", status.Failed, "--database-direct-url", ""},
		"a second URL that leads to the pooler too": {func(t *testing.T, cfg *app.Config) {
			cfg.Database.URL = app.Secret(dbtest.Pooler(t, cfg.Database.URL.Reveal(), "pool_mode = transaction"))
			cfg.Database.DirectURL = cfg.Database.URL
		}, "database", status.Failed, "--database-direct-url (POSTWRIGHT_DATABASE_DIRECT_URL) leads to a pooler that shares sessions", ""},
		"a pooler of sessions that refuses our setting": {func(t *testing.T, cfg *app.Config) {
			cfg.Database.URL = app.Secret(dbtest.Pooler(t, cfg.Database.URL.Reveal(), "pool_mode = session"))
		}, "database", status.Failed, "ignore_startup_parameters = lock_timeout", ""},
		"a second URL of another database": {func(t *testing.T, cfg *app.Config) { cfg.Database.DirectURL = app.Secret(dbtest.New(t)) }, "database",
			status.Failed, "must lead to the same database", ""},
		"a role that may only read": {func(t *testing.T, cfg *app.Config) {
			database := cfg.Database.URL.Reveal()
			dbtest.Load(t, database, "CREATE ROLE reads_only LOGIN; GRANT pg_read_all_data TO reads_only")
			at, err := url.Parse(database)
			require.NoError(t, err)
			query := at.Query()
			query.Set("user", "reads_only")
			at.RawQuery = query.Encode()
			cfg.Database.URL = app.Secret(at.String())
		}, "database", status.Failed, "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE", ""},
		"changes that are switched off": {func(_ *testing.T, cfg *app.Config) { cfg.Database.URL += "&default_transaction_read_only=on" }, "database",
			status.Failed, "takes no changes", ""},
		"a pooler without transactions": {func(t *testing.T, cfg *app.Config) {
			cfg.Database.DirectURL = cfg.Database.URL
			cfg.Database.URL = app.Secret(dbtest.Pooler(t, cfg.Database.URL.Reveal(), "pool_mode = statement"))
		}, "database", status.Failed, "pool_mode=statement", ""},
		"more connections than the server takes": {func(_ *testing.T, cfg *app.Config) { cfg.Database.MaxConnections = app.Count{Value: 900} },
			"connections", status.Warning, "One process may open 902, and PostgreSQL takes ", "Lower --database-max-connections"},
		"a pooler that makes few of many": {func(t *testing.T, cfg *app.Config) {
			cfg.Database.DirectURL, cfg.Database.MaxConnections = cfg.Database.URL, app.Count{Value: 900}
			cfg.Database.URL = app.Secret(dbtest.Pooler(t, cfg.Database.URL.Reveal(), "pool_mode = transaction"))
		}, "connections", status.OK, "A pooler makes them", ""},
		"no keyset": {func(_ *testing.T, cfg *app.Config) { cfg.LinkedIn.TokenKeyset = "" }, "encryption key", status.Warning,
			"No keyset", "account keyset"},
		"a version that has ended": {func(_ *testing.T, cfg *app.Config) { cfg.LinkedIn.Version = "202511" }, "linkedin version", status.Failed,
			"2026-11-16", "--linkedin-version"},
		"one that ended long ago": {func(_ *testing.T, cfg *app.Config) { cfg.LinkedIn.Version = "202301" }, "linkedin version", status.Warning,
			"no more", "--linkedin-version"},
		"one that is not there yet": {func(_ *testing.T, cfg *app.Config) { cfg.LinkedIn.Version = "209901" }, "linkedin version", status.Warning,
			"not serve", "--linkedin-version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cfg := w.Config
			w.Exec(`UPDATE linkedin_accounts SET scopes = '{openid,profile,email,w_member_social}'`) // as members are asked for
			c.change(t, &cfg)
			report, err := app.DryRun(t.Context(), cfg, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			for _, check := range report.Checks {
				if check.Name == c.check {
					require.Equal(t, c.state, check.State, check.Detail)
					require.Contains(t, check.Detail, c.says)
					require.Contains(t, check.Remedy, c.remedy)
					continue
				}
				if c.state != status.Failed {
					require.Equal(t, status.OK, check.State, "%s: %s", check.Name, check.Detail)
				}
			}
			require.Zero(t, w.Count(`SELECT count(*) FROM database_origin`), "nothing was changed")
		})
	}
}

// A misspelt scope ends every consent at LinkedIn, and nobody sees it before.
func TestScopesThatLinkedInProbablyLacksAreWarnedOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Config.LinkedIn.Scopes = []string{"openid", "profile", "w_member_socail", "r_weather_everywhere_today"}
	w.Config.LinkedIn.AppsFile = appsFile(
		t,
		`[{"name":"pages","clientId":"cm","clientSecret":"s","scopes":["w_organisation_social"],"accounts":["pages"]}]`,
	)
	report, err := app.DryRun(t.Context(), w.Config, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	found := map[string]string{}
	for _, check := range report.Checks {
		if check.State == status.Warning {
			found[check.Name] = check.Detail
		}
	}
	require.Contains(
		t,
		found["names of the scopes of the LinkedIn app default"],
		`It asks for "w_member_socail" (did you mean w_member_social?), "r_weather_everywhere_today", which Postwright does not know`,
	)
	require.Contains(t, found["names of the scopes of the LinkedIn app pages"], `"w_organisation_social" (did you mean w_organization_social?)`)
	var log bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	_, stop := w.Run(w.Node(w.Config))
	require.NoError(t, stop())
	require.Contains(t, log.String(), "w_member_socail", "a start says it too")
}

func TestSettingsThatCanNotBeReadAreFaultsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flag   string
		change func(cfg *app.Config)
	}{
		"a keyset":           {"--linkedin-token-keyset", func(cfg *app.Config) { cfg.LinkedIn.TokenKeyset = "abc" }},
		"the database's URL": {"--database-url", func(cfg *app.Config) { cfg.Database.URL += "&default_query_exec_mode=exec" }},
		"the database's direct URL": {"--database-direct-url",
			func(cfg *app.Config) { cfg.Database.DirectURL = "postgres://ada:se%cret@localhost/x" }},
		"a negative cache":        {"--cache-bytes", func(cfg *app.Config) { cfg.Cache.Bytes.Value = -1 }},
		"a cache for no time":     {"--cache-life", func(cfg *app.Config) { cfg.Cache.Life.Value = 0 }},
		"a Redis of another kind": {"--redis-url", func(cfg *app.Config) { cfg.Cache.RedisURL = "http://:secret@localhost" }},
		"a Redis's URL":           {"--redis-url", func(cfg *app.Config) { cfg.Cache.RedisURL = "redis://:se%cret@localhost" }},
		"LinkedIn's API":          {"--linkedin-api-url", func(cfg *app.Config) { cfg.LinkedIn.APIURL = "api.linkedin.com" }},
		"LinkedIn's OAuth":        {"--linkedin-auth-url", func(cfg *app.Config) { cfg.LinkedIn.AuthURL = "https://www.linkedin.com?x=cret" }},
		"LinkedIn's version":      {"--linkedin-version", func(cfg *app.Config) { cfg.LinkedIn.Version = "2026-09" }},
		"an app's id with a line break": {"--linkedin-client-id",
			func(cfg *app.Config) { cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "id\n", "secret" }},
		"an app's secret with a blank": {"--linkedin-client-secret",
			func(cfg *app.Config) { cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "id", " secret" }},
		"a secret with a no-break one": {"--linkedin-client-secret",
			func(cfg *app.Config) { cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "id", "secret\u00a0" }},
		"an origin that is none": {"--origins", func(cfg *app.Config) { cfg.Server.Origins = []string{"https://app.example.org/"} }},
		"half of an app": {"--linkedin-client-id and --linkedin-client-secret",
			func(cfg *app.Config) { cfg.LinkedIn.ClientSecret = "secret" }},
		"the analysis API":            {"--analysis-url", func(cfg *app.Config) { cfg.Analysis.URL = "http://user:secret@localhost" }},
		"an engine that there is not": {"--analysis-engines", func(cfg *app.Config) { cfg.Analysis.Engines = []string{"bultin"} }},
		"an engine named twice":       {"--analysis-engines", func(cfg *app.Config) { cfg.Analysis.Engines = []string{"builtin", "builtin"} }},
		"an engine without its address": {"--analysis-url", func(cfg *app.Config) {
			cfg.Analysis.URL, cfg.Analysis.Engines = "", []string{"api", "builtin"}
		}},
		"the language model":            {"--llm-url", func(cfg *app.Config) { cfg.LLM.URL, cfg.LLM.Model = "http://user:secret@localhost", "m" }},
		"its whole path":                {"--llm-url", func(cfg *app.Config) { cfg.LLM.URL, cfg.LLM.Model = "http://a/v1/chat/completions", "m" }},
		"no model of its server's":      {"--llm-model", func(cfg *app.Config) { cfg.LLM.URL = "http://localhost" }},
		"its token":                     {"--llm-token", func(cfg *app.Config) { cfg.LLM.Token = "tök-secret" }},
		"an engine without its model":   {"--llm-url", func(cfg *app.Config) { cfg.Analysis.Engines = []string{"llm", "builtin"} }},
		"an answer of no tokens":        {"--llm-max-tokens", func(cfg *app.Config) { cfg.LLM.MaxTokens.Value = 0 }},
		"a day for less than a post":    {"--llm-daily-tokens", func(cfg *app.Config) { cfg.LLM.DailyTokens.Value = 4*4096 + 1 }},
		"a price below nothing":         {"--llm-input-price", func(cfg *app.Config) { cfg.LLM.InputPrice.Value = -1 }},
		"a price that is no number":     {"--llm-output-price", func(cfg *app.Config) { _ = cfg.LLM.OutputPrice.UnmarshalText([]byte("1,50 secret")) }},
		"the analysis API's token":      {"--analysis-token", func(cfg *app.Config) { cfg.Analysis.Token = "tök-secret" }},
		"the notification API":          {"--notification-url", func(cfg *app.Config) { cfg.Notification.URL = "http://localhost?token=secret" }},
		"the notification API's token":  {"--notification-token", func(cfg *app.Config) { cfg.Notification.Token = "secret\n" }},
		"a token with a blank before":   {"--notification-token", func(cfg *app.Config) { cfg.Notification.Token = " secret" }},
		"a token in quotation and dash": {"--analysis-token", func(cfg *app.Config) { cfg.Analysis.Token = "“secret”" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := app.Defaults()
			cfg.Database.URL = app.Secret(dbtest.NewEmpty(t))
			c.change(&cfg)
			for how, start := range map[string]func() error{
				"try":   func() error { _, err := app.DryRun(t.Context(), cfg, slog.New(slog.DiscardHandler)); return err },
				"serve": func() error { _, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler)); return err },
			} {
				err := start()
				require.Equal(t, fault.Invalid, fault.Of(err).Kind, how)
				require.Len(t, fault.Of(err).Fields, 1, how)
				require.Equal(t, c.flag, fault.Of(err).Fields[0].Path, how)
				require.NotContains(t, fault.Of(err).Fields[0].Problem, "cret", how)
			}
		})
	}
}

func TestAStartWarnsOfWhatKeepsPostsFromGoingOut(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t)
	w.Config.LinkedIn.TokenKeyset, w.Config.LinkedIn.Version = "", "202511"
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	_, stop := w.Run(w.Node(w.Config))
	require.NoError(t, stop())
	require.Contains(t, log.String(), "No keyset is set")
	require.Contains(t, log.String(), "202511 no more since 2026-11-16")
}
