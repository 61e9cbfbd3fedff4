package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// LinkedInApps are further LinkedIn apps, read from a file: LinkedIn gives the Community Management API only to an app of its
// own.
type LinkedInApps struct {
	path string
	list []linkedInApp
	err  error
}

// linkedInApp is one app, as it stands in the file. docs/accounts.md describes it.
type linkedInApp struct {
	Name         string   `json:"name"`
	ClientID     string   `json:"clientId"`
	ClientSecret Secret   `json:"clientSecret"`
	Scopes       []string `json:"scopes"`
	Accounts     []string `json:"accounts"`
	Identity     string   `json:"identity"`
}

const (
	// maxAppsFile bounds what is read of the file, and maxApps what may be in it.
	maxAppsFile = 64 << 10
	maxApps     = 20
)

// UnmarshalText reads the file whose path it is given. It never fails; see Duration.
func (a *LinkedInApps) UnmarshalText(path []byte) error {
	*a = LinkedInApps{path: string(path)}
	if a.path == "" {
		return nil
	}
	file, err := os.Open(a.path)
	if err != nil {
		a.err = errors.New("can't be read: " + reason(err))
		return nil
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(io.LimitReader(file, maxAppsFile+1))
	switch {
	case err != nil:
		a.err = errors.New("can't be read: " + reason(err))
		return nil
	case len(raw) > maxAppsFile:
		a.err = fmt.Errorf("has more than %d bytes", maxAppsFile)
		return nil
	}
	var at int64
	if a.list, at = decodeApps(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))); a.list == nil {
		// What is wrong may be a secret, so the decoder's words are not told.
		a.err = fmt.Errorf(
			"is not a JSON list of apps, each with name, clientId, clientSecret, scopes, accounts and identity: look at about character %d",
			at,
		)
	}
	return nil
}

// decodeApps reads the list, which may be empty. When there is none, or something follows it, it returns nil and about where that
// is.
func decodeApps(raw []byte) (list []linkedInApp, at int64) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&list)
	if err == nil && list != nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return list, 0
		}
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return nil, syntax.Offset
	case errors.As(err, &kind):
		return nil, kind.Offset
	}
	return nil, decoder.InputOffset()
}

// reason is why a file can't be opened, without its path.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

var appName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Kinds of accounts, and ways to ask whose a token is.
const (
	forMembers, forPages = "members", "pages"
	byUserInfo, byMe     = "userinfo", "me"
)

func (v *validation) linkedInApps(c LinkedInConfig) {
	v.linkedInApp("--linkedin-app-accounts", "--linkedin-app-identity", "--linkedin-scopes", c.apps()[0])
	if c.ClientID != "" && !bare(c.ClientID) {
		v.wrong("--linkedin-client-id", "must be the app's, as its page at LinkedIn shows it, without blanks and line breaks")
	}
	if secret := c.ClientSecret.Reveal(); secret != "" && !bare(secret) {
		v.wrong("--linkedin-client-secret", "must be the app's, as its page at LinkedIn shows it, without blanks and line breaks")
	}
	const flag = "--linkedin-apps-file"
	if c.AppsFile.err != nil {
		v.wrong(flag, "%s", c.AppsFile.err)
		return
	}
	if len(c.AppsFile.list) > maxApps {
		v.wrong(flag, "has %d apps, and %d at most can be used", len(c.AppsFile.list), maxApps)
		return
	}
	names := map[string]bool{accounts.DefaultApp: true}
	ids := map[string]string{c.ClientID: accounts.DefaultApp} // whose they are
	for i, app := range c.AppsFile.list {
		at := func(field string) string { return fmt.Sprintf("%s [%d].%s", flag, i, field) }
		switch {
		case !appName.MatchString(app.Name):
			v.wrong(at("name"), "must be of small letters, digits and hyphens, 40 at most, such as pages")
		case names[app.Name]:
			v.wrong(at("name"), "is %q, as another app's is; the one of --linkedin-client-id is called %q", app.Name, accounts.DefaultApp)
		}
		names[app.Name] = true
		owner, taken := ids[app.ClientID]
		switch {
		case !bare(app.ClientID):
			v.wrong(at("clientId"), "must be the app's, as its page at LinkedIn shows it, without blanks")
		case taken:
			v.wrong(at("clientId"), "is that of the app %q too: put what both are for into one", owner)
		}
		ids[app.ClientID] = app.Name
		if !bare(app.ClientSecret.Reveal()) {
			v.wrong(at("clientSecret"), "must be the app's, as its page at LinkedIn shows it, without blanks")
		}
		v.linkedInApp(at("accounts"), at("identity"), at("scopes"), app)
	}
}

// bare reports whether an id or a secret is there, and nothing that was copied along with it.
func bare(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
}

func (v *validation) linkedInApp(accountsAt, identityAt, scopesAt string, app linkedInApp) {
	if len(app.Scopes) == 0 {
		v.wrong(scopesAt, "must name at least one scope, such as w_member_social")
	}
	for _, scope := range app.Scopes {
		if scope == "" || strings.ContainsAny(scope, " ,\t\r\n") {
			v.wrong(scopesAt, "holds %q, which is no scope: name one by one", scope)
		}
	}
	for _, kind := range app.Accounts {
		if kind != forMembers && kind != forPages {
			v.wrong(accountsAt, "holds %q, and must hold members, pages, or both", kind)
		}
	}
	switch {
	case len(app.Accounts) == 0:
		v.wrong(accountsAt, "must hold members, pages, or both")
	case app.Identity != "" && app.Identity != byUserInfo && app.Identity != byMe:
		v.wrong(identityAt, "is %q, and must be userinfo or me", app.Identity)
	default:
		if err := app.known().CannotIdentify(); err != nil {
			v.wrong(scopesAt, "%s", err)
		}
	}
}

// apps are all that are set up, the default one first.
func (c LinkedInConfig) apps() []linkedInApp {
	return append([]linkedInApp{{
		Name: accounts.DefaultApp, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Scopes: c.Scopes, Accounts: c.AppAccounts, Identity: c.AppIdentity,
	}}, c.AppsFile.list...)
}

// known is the app as internal/accounts knows it, without LinkedIn to call.
func (a linkedInApp) known() accounts.App {
	return accounts.App{
		Name:       a.Name,
		Configured: a.ClientID != "",
		Scopes:     a.Scopes,
		Members:    slices.Contains(a.Accounts, forMembers),
		Pages:      slices.Contains(a.Accounts, forPages),
		ByMe:       a.Identity == byMe,
	}
}

// accounts are the apps as internal/accounts needs them.
func (c LinkedInConfig) accounts(client *linkedin.Client) []accounts.App {
	var list []accounts.App
	for _, app := range c.apps() {
		known := app.known()
		known.API = client.WithApp(app.ClientID, app.ClientSecret.Reveal(), accounts.SettingsOf(app.Name))
		list = append(list, known)
	}
	return list
}

// scopeChecks say what is doubtful about the scopes that members are asked for.
func (c LinkedInConfig) scopeChecks() []status.Check {
	var list []accounts.App
	for _, app := range c.apps() {
		list = append(list, app.known())
	}
	return status.AppScopes(list)
}
