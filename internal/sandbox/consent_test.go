package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

// ask asks ada for consent; changes are names and values in turn, "" for a parameter that is left out.
func (w *world) ask(t *testing.T, changes ...string) reply {
	t.Helper()
	query := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}, "scope": {"openid w_member_social"}, "login_hint": {"ada"},
	}
	for i := 0; i < len(changes); i += 2 {
		query.Del(changes[i])
		if changes[i+1] != "" {
			query.Set(changes[i], changes[i+1])
		}
	}
	return w.call(t, "GET", "/oauth/v2/authorization?"+query.Encode(), "")
}

func TestConsentIsRefusedOnTheSpot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		changes []string
		says    string
	}{
		"a relative redirection":    {[]string{"redirect_uri", "/relative"}, "redirect_uri must be absolute"},
		"no redirection":            {[]string{"redirect_uri", ""}, "redirect_uri must be absolute"},
		"an unreadable redirection": {[]string{"redirect_uri", "https://%zz"}, "redirect_uri must be absolute"},
		"a fragment":                {[]string{"redirect_uri", "https://postwright.example/back#here"}, "no fragment"},
		"an empty fragment":         {[]string{"redirect_uri", "https://postwright.example/back#"}, "no fragment"},
		"plain http":                {[]string{"redirect_uri", "http://postwright.example/back"}, "must be https"},
		"another scheme":            {[]string{"redirect_uri", "postwright://back"}, "must be https"},
		"another response":          {[]string{"response_type", "token"}, "response_type must be code"},
		"another app":               {[]string{"client_id", "theirs"}, "client_id"},
		"no app":                    {[]string{"client_id", ""}, "client_id"},
		"no scope":                  {[]string{"scope", ""}, "scope"},
		"a member there is not":     {[]string{"login_hint", "eve"}, "login_hint"},
		"which of the two":          {[]string{"login_hint", ""}, "login_hint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t, withApp).ask(t, c.changes...)
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Contains(t, got.body, c.says)
			require.Empty(t, got.header.Get("Location"))
		})
	}
	got := newWorld(t, withApp).ask(t, "redirect_uri", "/relative", "scope", " ", "client_id", "", "response_type", "")
	require.Len(t, strings.Split(strings.TrimSpace(got.body), "\n"), 4, "all at once")
	require.Equal(t, http.StatusBadRequest, newWorld(t).ask(t, "client_id", "").status, "any app will do, but one there must be")
}

func TestConsentGoesBackToWhoAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withApp)
	for _, redirection := range []string{
		"https://postwright.example/back", "http://localhost:8080/back", "http://127.0.0.1:8080/back", "http://[::1]:8080/back",
	} {
		back, err := url.Parse(w.ask(t, "redirect_uri", redirection).header.Get("Location"))
		require.NoError(t, err)
		require.NotEmpty(t, back.Query().Get("code"))
		require.NotContains(t, back.Query(), "state", "none was given")
		back.RawQuery = ""
		require.Equal(t, redirection, back.String())
	}
	alone := newWorld(t, func(o *sandbox.Options) { o.Members = o.Members[:1] })
	require.Equal(t, http.StatusFound, alone.ask(t, "login_hint", "").status, "the only member there is")
}

func TestAMemberWhoRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withApp)
	back, err := url.Parse(w.ask(t, "login_hint", "denied", "state", "s t", "redirect_uri", callback+"?keep=1").header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9/callback", back.Host+back.Path)
	require.Equal(t, url.Values{
		"keep": {"1"}, "state": {"s t"}, "error": {"user_cancelled_authorize"}, "error_description": {"The user cancelled the authorization"},
	}, back.Query())
	require.Equal(t, http.StatusBadRequest, w.ask(t, "login_hint", "denied", "redirect_uri", "/relative").status, "still not to anywhere")
}

// What is asked for does not matter: as long as it is more than nothing, the member's scopes are granted.
func TestTheMembersScopesAreGranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withApp)
	back, err := url.Parse(w.ask(t, "login_hint", "bob", "scope", "openid email r_member_social").header.Get("Location"))
	require.NoError(t, err)
	token := w.exchange(t, back.Query().Get("code"), map[string]string{"redirect_uri": callback}).json(t)
	require.Equal(t, "openid,w_member_social", token["scope"])
}
