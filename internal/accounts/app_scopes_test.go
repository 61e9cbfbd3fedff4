package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
)

func TestWhatAnAppsScopesComeTo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app     accounts.App
		unknown []accounts.UnknownScope
		refused string
	}{
		"a self-serve app": {app: accounts.App{Scopes: []string{"openid", "profile", "email", "w_member_social"}}},
		"one for pages":    {app: accounts.App{Scopes: []string{"r_basicprofile", "w_organization_social"}}},
		"both in one":      {app: accounts.App{Scopes: []string{"openid", "w_organization_social"}}, refused: "w_organization_social"},
		"a misspelt one": {app: accounts.App{Scopes: []string{"w_organisation_social"}},
			unknown: []accounts.UnknownScope{{Name: "w_organisation_social", Meant: "w_organization_social"}}},
		"one that is near to none":  {app: accounts.App{Scopes: []string{"openid", "x"}}, unknown: []accounts.UnknownScope{{Name: "x"}}},
		"no scopes, which is wrong": {},
	} {
		require.Equal(t, c.unknown, c.app.UnknownScopes(), name)
		scope, refused := c.app.RefusedWithOpenID()
		require.Equal(t, c.refused, scope, name)
		require.Equal(t, c.refused != "", refused, name)
	}
}

func TestWhatAnAppNeedsToIdentifyAMember(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app   accounts.App
		lacks string
	}{
		"userinfo with openid":     {accounts.App{Members: true, Scopes: []string{"openid"}}, ""},
		"userinfo without":         {accounts.App{Members: true}, "openid"},
		"the default app's":        {accounts.App{Name: accounts.DefaultApp, Members: true}, ""},
		"/v2/me with its scope":    {accounts.App{Members: true, ByMe: true, Scopes: []string{"r_basicprofile"}}, ""},
		"/v2/me without":           {accounts.App{Members: true, ByMe: true, Scopes: []string{"openid"}}, "r_basicprofile"},
		"the default app's /v2/me": {accounts.App{Name: accounts.DefaultApp, Members: true, ByMe: true}, "r_basicprofile"},
		"pages need neither":       {accounts.App{Pages: true, ByMe: true}, ""},
	} {
		err := c.app.CannotIdentify()
		if c.lacks == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "must hold "+c.lacks, name)
	}
}
