package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

// What --linkedin-apps-file sets up can be tried by hand: each app gets what it has, and no more.
func TestTheSandboxTellsAppsApart(t *testing.T) {
	t.Parallel()
	command := sandboxCommand{
		Token: "t", Scopes: []string{"openid"}, Organizations: []string{"5"},
		Apps: []string{"self=s1:openid,profile,w_member_social", "cm=s2=:r_basicprofile w_organization_social"},
	}
	options, err := command.options(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, []string{"5"}, options.Members[0].Organizations)
	require.Equal(t, "s2=", options.Apps[1].ClientSecret)
	server := httptest.NewServer(sandbox.New(options).Handler())
	t.Cleanup(server.Close)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, c := range map[string]struct {
		id, scope string
		status    int
		back      string // a member of the address that the browser is sent back to
	}{
		"an app asks for what it has":      {"self", "openid w_member_social", http.StatusFound, "code"},
		"an app asks for what another has": {"self", "w_organization_social", http.StatusFound, "error"},
		"the other may":                    {"cm", "w_organization_social", http.StatusFound, "code"},
		"an app that there is not":         {"who", "openid", http.StatusBadRequest, ""},
	} {
		query := url.Values{"response_type": {"code"}, "client_id": {c.id}, "scope": {c.scope}, "redirect_uri": {"http://127.0.0.1/back"}, "state": {"s"}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/oauth/v2/authorization?"+query.Encode(), http.NoBody)
		require.NoError(t, err)
		resp, err := browser.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, c.status, resp.StatusCode, name)
		if c.back != "" {
			back, err := resp.Location()
			require.NoError(t, err)
			require.NotEmpty(t, back.Query().Get(c.back), "%s: %s", name, back)
		}
	}
}

func TestAnAppThatTheSandboxCannotReadIsRefusedWithoutItsSecret(t *testing.T) {
	t.Parallel()
	for name, apps := range map[string][]string{
		"nothing": {""}, "no secret": {"hunter2"}, "no scopes": {"a=hunter2"}, "empty scopes": {"a=hunter2:,"}, "no id": {"=hunter2:openid"},
		"an id twice": {"a=hunter2:openid", "a=hunter2:profile"},
	} {
		_, err := (&sandboxCommand{Apps: apps}).options(slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, "--app [", name)
		require.NotContains(t, err.Error(), "hunter2", name)
	}
}
