package app_test

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/sandbox"
)

var (
	selfServe = []string{"openid", "profile", "email", "w_member_social"}
	community = []string{"r_basicprofile", "w_organization_social", "rw_organization_admin"}
)

// appsFile is a file of further LinkedIn apps.
func appsFile(t *testing.T, content string) (file app.LinkedInApps) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "apps.json")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(t, file.UnmarshalText([]byte(path)))
	return file
}

// twoApps is a Postwright with a self-serve app for members and one with the Community Management API for pages, at a LinkedIn
// that gives each what it has.
func twoApps(t *testing.T) (*world, postwrightv1connect.AccountServiceClient) {
	t.Helper()
	vendors := sandbox.New(sandbox.Options{
		Clock: app.Now, Log: slog.New(slog.DiscardHandler),
		Apps: []sandbox.App{{ClientID: "self", ClientSecret: "s1", Scopes: selfServe}, {ClientID: "cm", ClientSecret: "s2", Scopes: community}},
		Members: []sandbox.Member{
			{
				ID:            "tester",
				GivenName:     "Tess",
				FamilyName:    "Ter",
				Token:         apptest.MemberToken,
				ClientID:      "self",
				Scopes:        selfServe,
				Organizations: []string{"5"},
			},
			{
				ID:            "tester-at-cm",
				GivenName:     "Tess",
				FamilyName:    "Ter",
				Token:         "page-token",
				ClientID:      "cm",
				Scopes:        community,
				Organizations: []string{"5"},
			},
		},
	})
	server := httptest.NewServer(vendors.Handler())
	t.Cleanup(server.Close)
	w := newWorld(t, func(c *app.Config) {
		c.Server.PublicURL = "http://127.0.0.1:1"
		c.LinkedIn.APIURL, c.LinkedIn.AuthURL = server.URL, server.URL
		c.LinkedIn.ClientID, c.LinkedIn.ClientSecret, c.LinkedIn.AppAccounts = "self", "s1", []string{"members"}
		c.LinkedIn.AppsFile = appsFile(
			t,
			`[{"name":"pages","clientId":"cm","clientSecret":"s2","scopes":["r_basicprofile","w_organization_social","rw_organization_admin"],`+
				`"accounts":["pages","members"],"identity":"me"}]`,
		)
	})
	w.Vendors = vendors
	w.Serve()
	return w, postwrightv1connect.NewAccountServiceClient(w.Client(w.Key))
}

// One app can't serve members and pages: LinkedIn wants the Community Management API alone on its app, and refuses it openid.
func TestMembersAndPagesHaveAnAppEach(t *testing.T) {
	t.Parallel()
	w, client := twoApps(t)
	for _, c := range []struct {
		name                 string
		req                  *postwrightv1.ConnectAccountRequest
		asked, member, title string
		app                  string
	}{
		{"a member", &postwrightv1.ConnectAccountRequest{}, "self", "tester", "Tess Ter is connected", "default"},
		{"a page", &postwrightv1.ConnectAccountRequest{OrganizationId: "5"}, "cm", "tester-at-cm", "Page 5 is connected", "pages"},
		{"a member of the other app", &postwrightv1.ConnectAccountRequest{App: "pages"}, "cm", "tester-at-cm",
			"Tess Ter is connected, but can&#39;t publish", "pages"},
	} {
		consent, err := client.ConnectAccount(t.Context(), c.req)
		require.NoError(t, err, c.name)
		require.Equal(t, c.name == "a member of the other app", len(consent.GetWarnings()) > 0, "%v", consent.GetWarnings())
		asked, err := url.Parse(consent.GetAuthorizationUrl())
		require.NoError(t, err)
		require.Equal(t, c.asked, asked.Query().Get("client_id"), c.name)
		page := w.Get(w.comeBack(consent.GetAuthorizationUrl() + "&login_hint=" + c.member))
		require.Equal(t, http.StatusOK, page.Status, "%s: %s", c.name, page.Body)
		require.Contains(t, string(page.Body), c.title, c.name)
	}
	list, err := client.ListAccounts(t.Context(), &postwrightv1.ListAccountsRequest{})
	require.NoError(t, err)
	apps := map[string]string{}
	for _, a := range list.GetAccounts() {
		apps[a.GetUrn()] = a.GetApp()
	}
	require.Equal(
		t,
		map[string]string{"urn:li:person:tester": "default", "urn:li:organization:5": "pages", "urn:li:person:tester-at-cm": "pages"},
		apps,
	)
	found := w.examine(w.Config)
	require.Equal(t, "ok", string(found["linkedin app"].State))
	require.Equal(t, "ok", string(found["linkedin app pages"].State))

	_, err = client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{App: "pagse"})
	require.ErrorContains(t, err, "there is no such LinkedIn app: there are default, pages")
	_, err = client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{App: "default", OrganizationId: "5"})
	require.ErrorContains(t, err, "is not for pages: leave it out, or name one of pages")
}

func TestATokenAddedByHandFindsItsApp(t *testing.T) {
	t.Parallel()
	w, _ := twoApps(t)
	owner := uuid.MustParse(w.UserID("tess@example.org"))
	account, err := w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: owner, Token: "page-token"})
	require.NoError(t, err)
	require.Equal(t, "pages", account.App, "a member's, of the second app")
	require.Equal(t, "urn:li:person:tester-at-cm", account.URN)
	require.ElementsMatch(t, community, account.Scopes)
	require.False(t, w.App.Accounts.StandingNow(account).EndsAssumed)
	_, err = w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: owner, Token: "page-token", App: "default"})
	require.ErrorContains(t, err, "not one of this app's")
}

// LinkedIn ends a member's tokens when an app asks for other scopes: that is said before it happens, and to an operator before
// anybody is asked.
func TestChangedScopesSayWhichTokensTheyEnd(t *testing.T) {
	t.Parallel()
	w, _ := twoApps(t)
	w.Config.LinkedIn.Scopes = []string{"openid", "profile", "w_member_social"}
	report, err := app.DryRun(t.Context(), w.Config, w.Log)
	require.NoError(t, err)
	said := ""
	for _, check := range report.Checks {
		if check.Name == "changed scopes" {
			said = check.Detail
		}
	}
	require.Contains(t, said, "other scopes than these accounts have: Tess Ter.")

	w.URL, _ = w.Run(w.Node(w.Config))
	client := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key))
	consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
	require.NoError(t, err)
	require.Len(t, consent.GetWarnings(), 1)
	require.Contains(
		t,
		consent.GetWarnings()[0],
		"LinkedIn ends the tokens that they gave the app earlier. If these accounts are theirs, connect them again afterwards: Tess Ter.",
	)
}

// An app that is gone from the settings takes nothing down: doctor names it, profiles and warnings go on.
func TestAnAccountWhoseAppIsGoneIsTold(t *testing.T) {
	t.Parallel()
	w, client := twoApps(t)
	account, err := w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: uuid.MustParse(w.UserID("tess@example.org")), Token: "page-token"})
	require.NoError(t, err)
	profile, err := client.GetProfile(t.Context(), &postwrightv1.GetProfileRequest{AccountId: account.ID.String()})
	require.NoError(t, err)
	require.Equal(t, "tester-at-cm", profile.GetMemberId(), "by /v2/me")
	w.Config.LinkedIn.AppsFile = app.LinkedInApps{}
	check := w.examine(w.Config)["scopes of Tess Ter (LinkedIn app pages)"]
	require.Equal(t, "warning", string(check.State))
	require.Contains(t, check.Detail, `Its LinkedIn app "pages" is not set up any more`)
	require.NoError(t, w.Node(w.Config).Accounts.Check(t.Context(), account.OwnerID, account.ID))
}

// With several apps, every remedy named the flags of the default one.
func TestARemedyNamesTheAppThatItIsAbout(t *testing.T) {
	t.Parallel()
	const scopesAt, credentialsAt = `scopes of the app "pages" in --linkedin-apps-file`,
		`clientId and clientSecret of the app "pages" in --linkedin-apps-file`
	w, client := twoApps(t)
	w.Exec(`UPDATE linkedin_accounts SET app = 'pages', scopes = '{r_basicprofile}', token_expires_at = NULL`)
	const account = "Tess Ter (LinkedIn app pages)"

	found := w.examine(w.Config)
	require.Contains(t, found["scopes of "+account].Remedy, `to the LinkedIn app "pages", have w_member_social among `+scopesAt)
	require.Contains(t, found["token of "+account].Remedy, credentialsAt)
	w.Exec(`UPDATE linkedin_accounts SET scopes = '{w_member_social}'`)
	require.Contains(t, w.examine(w.Config)["scopes of "+account].Detail, "w_organization_social (publishing as the page), rw_organization_admin")
	w.Exec(`UPDATE linkedin_accounts SET scopes = '{}'`)
	require.Contains(t, w.examine(w.Config)["scopes of "+account].Remedy, credentialsAt)
	w.Exec(`UPDATE linkedin_accounts SET scopes = '{w_member_social}'`)
	report, err := app.DryRun(t.Context(), w.Config, w.Log)
	require.NoError(t, err)
	said := ""
	for _, check := range report.Checks {
		if check.Name == "changed scopes" {
			said = check.Remedy
		}
	}
	require.Contains(t, said, "set "+scopesAt+" as they were")

	back := func(query string) string {
		consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{App: "pages"})
		require.NoError(t, err)
		require.Contains(t, consent.GetWarnings()[0], "the scope to "+scopesAt)
		at, err := url.Parse(consent.GetAuthorizationUrl())
		require.NoError(t, err)
		page := w.Get(w.URL + "/oauth/linkedin/callback?state=" + url.QueryEscape(at.Query().Get("state")) + "&" + query)
		require.Equal(t, http.StatusBadGateway, page.Status)
		return html.UnescapeString(string(page.Body))
	}
	require.Contains(t, back("error=unauthorized_scope_error"), "leave the scope out of "+scopesAt)

	cfg := w.Config
	cfg.LinkedIn.AppsFile = appsFile(
		t,
		`[{"name":"pages","clientId":"cm","clientSecret":"another","scopes":["r_basicprofile"],"accounts":["pages"],"identity":"me"}]`,
	)
	check := w.examine(cfg)["linkedin app pages"]
	require.Equal(t, "failed", string(check.State))
	require.Contains(t, check.Remedy, credentialsAt)
}

// What callers and operators are told of a token that its app renewed changes with the app.
func TestATokenWhoseAppIsGoneIsNotSaidToBeRenewed(t *testing.T) {
	t.Parallel()
	w, _ := twoApps(t)
	w.Exec(`UPDATE linkedin_accounts SET app = 'pages', sealed_refresh_token = sealed_token, refresh_token_expires_at = now() + interval '300 days'`)
	const name = "token of Tess Ter (LinkedIn app pages)"
	told := func() (renewable bool) {
		w.URL, _ = w.Run(w.Node(w.Config))
		w.Posts = postwrightv1connect.NewPostServiceClient(w.Client(w.Key))
		list, err := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key)).ListAccounts(t.Context(), &postwrightv1.ListAccountsRequest{})
		require.NoError(t, err)
		require.Len(t, list.GetAccounts(), 1)
		scheduled := w.schedule(w.Draft("Hello"), 70*24*time.Hour)
		renewable = list.GetAccounts()[0].GetRenewableUntilTime() != nil
		require.Equal(
			t,
			renewable,
			!slices.ContainsFunc(scheduled.GetWarnings(), func(s string) bool { return strings.HasPrefix(s, "The token of Tess Ter ends at") }),
		)
		return renewable
	}
	require.True(t, told())
	require.Contains(t, w.examine(w.Config)[name].Detail, "It is renewed by itself until")
	w.Config.LinkedIn.AppsFile = app.LinkedInApps{}
	require.False(t, told())
	require.Contains(t, w.examine(w.Config)[name].Detail, "Nothing renews it, though it has a refresh token")
}

// fit is an app as it may stand in the file.
const fit = `{"name":"a","clientId":"i","clientSecret":"hunter2","scopes":["r_basicprofile"],"accounts":["pages"],"identity":"me"}`

// changed is the app with one thing otherwise.
func changed(from, to string) string { return strings.Replace(fit, from, to, 1) }

func TestTheAppsFileMayBeginWithAByteOrderMarkAndBeEmpty(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"[]", " [" + fit + "]\r\n", "\xef\xbb\xbf[" + fit + "]"} {
		cfg := app.Defaults()
		cfg.LinkedIn.AppsFile = appsFile(t, content)
		for _, field := range fault.Of(cfg.Verify()).Fields {
			require.NotContains(t, field.Path, "--linkedin", "%q: %s", content, field.Problem)
		}
	}
}

func TestEveryFaultOfTheAppsFileIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, path, problem string }{
		"not JSON":            {`{`, "--linkedin-apps-file", "is not a JSON list of apps"},
		"empty":               {``, "--linkedin-apps-file", "is not a JSON list of apps"},
		"null":                {`null`, "--linkedin-apps-file", "is not a JSON list of apps"},
		"no list":             {fit, "--linkedin-apps-file", "is not a JSON list of apps"},
		"a bracket too many":  {`[` + fit + `]]`, "--linkedin-apps-file", "is not a JSON list of apps"},
		"a brace too many":    {`[` + fit + `]}`, "--linkedin-apps-file", "is not a JSON list of apps"},
		"words after it":      {`[` + fit + `]hunter2`, "--linkedin-apps-file", "is not a JSON list of apps"},
		"another list":        {`[` + fit + `][]`, "--linkedin-apps-file", "is not a JSON list of apps"},
		"a comma too many":    {`[{"name":"a",}]`, "--linkedin-apps-file", "look at about character 14"},
		"a number for a name": {`[{"name":123456}]`, "--linkedin-apps-file", "look at about character 15"},
		"an id twice":         {`[` + fit + `,` + changed(`"a"`, `"b"`) + `]`, "--linkedin-apps-file [1].clientId", `is that of the app "a" too`},
		"the default's id":    {`[` + changed(`"i"`, `"77the-default"`) + `]`, "--linkedin-apps-file [0].clientId", `is that of the app "default" too`},
		"blanks around an id": {`[` + changed(`"i"`, `" i"`) + `]`, "--linkedin-apps-file [0].clientId", "without blanks"},
		"a line in a secret":  {`[` + changed(`"hunter2"`, `"hunter2\n"`) + `]`, "--linkedin-apps-file [0].clientSecret", "without blanks"},
		"nothing in an id":    {`[` + changed(`"i"`, `"i\u200b"`) + `]`, "--linkedin-apps-file [0].clientId", "without blanks"},
		"an unknown member":   {`[{"name":"a","secret":"hunter2"}]`, "--linkedin-apps-file", "is not a JSON list of apps"},
		"no name":             {`[{"name":""}]`, "--linkedin-apps-file [0].name", "small letters"},
		"the default's name":  {`[{"name":"default"}]`, "--linkedin-apps-file [0].name", "as another app's is"},
		"no id":               {`[{"name":"a"}]`, "--linkedin-apps-file [0].clientId", "must be the app's"},
		"no secret":           {`[{"name":"a"}]`, "--linkedin-apps-file [0].clientSecret", "must be the app's"},
		"no scopes":           {`[{"name":"a"}]`, "--linkedin-apps-file [0].scopes", "at least one scope"},
		"for nobody":          {`[{"name":"a"}]`, "--linkedin-apps-file [0].accounts", "must hold members, pages, or both"},
		"for somebody else":   {`[{"name":"a","accounts":["groups"]}]`, "--linkedin-apps-file [0].accounts", `holds "groups"`},
		"an unknown identity": {`[{"name":"a","accounts":["members"],"identity":"you"}]`, "--linkedin-apps-file [0].identity", "must be userinfo or me"},
		"me without a scope":  {`[{"name":"a","accounts":["members"],"identity":"me"}]`, "--linkedin-apps-file [0].scopes", "r_basicprofile"},
		"userinfo without":    {`[{"name":"a","accounts":["members"]}]`, "--linkedin-apps-file [0].scopes", "must hold openid"},
		"scopes in one":       {`[{"name":"a","scopes":["openid profile"]}]`, "--linkedin-apps-file [0].scopes", "name one by one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := app.Defaults()
			cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "77the-default", "hunter2"
			cfg.LinkedIn.AppsFile = appsFile(t, c.content)
			fields := fault.Of(cfg.Verify()).Fields
			require.Condition(t, func() bool {
				for _, f := range fields {
					if f.Path == c.path && len(f.Problem) > 0 && strings.Contains(f.Problem, c.problem) {
						return true
					}
				}
				return false
			}, "%v", fields)
			require.NotContains(t, cfg.Verify().Error(), "hunter2")
		})
	}
	var missing app.LinkedInApps
	require.NoError(t, missing.UnmarshalText([]byte("/nowhere/apps.json")))
	cfg := app.Defaults()
	cfg.LinkedIn.AppsFile = missing
	require.ErrorContains(t, cfg.Verify(), "no such file")
}
