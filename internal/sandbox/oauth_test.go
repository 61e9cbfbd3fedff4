package sandbox_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

const callback = "http://127.0.0.1:9/callback"

func withApp(o *sandbox.Options) { o.ClientID, o.ClientSecret = "app", "hush" }

var asForm = with("Content-Type", "application/x-www-form-urlencoded")

// consent has ada consent and returns the code.
func (w *world) consent(t *testing.T) string {
	t.Helper()
	got := w.call(t, "GET", "/oauth/v2/authorization?"+url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback + "?keep=1"}, "state": {"s t"}, "login_hint": {"ada"},
	}.Encode(), "")
	require.Equal(t, http.StatusFound, got.status, got.body)
	back, err := url.Parse(got.header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9/callback", back.Host+back.Path)
	require.Equal(t, "1", back.Query().Get("keep"))
	require.Equal(t, "s t", back.Query().Get("state"))
	return back.Query().Get("code")
}

// exchange asks for a token; changes replace parameters, or leave them out when they are "".
func (w *world) exchange(t *testing.T, code string, changes map[string]string) reply {
	t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback + "?keep=1"}, "client_id": {"app"}, "client_secret": {"hush"},
	}
	for name, value := range changes {
		form.Del(name)
		if value != "" {
			form.Set(name, value)
		}
	}
	return w.call(t, "POST", "/oauth/v2/accessToken", form.Encode(), asForm)
}

func (w *world) introspect(t *testing.T, token string) map[string]any {
	t.Helper()
	got := w.call(t, "POST", "/oauth/v2/introspectToken",
		url.Values{"client_id": {"app"}, "client_secret": {"hush"}, "token": {token}}.Encode(), asForm)
	require.Equal(t, http.StatusOK, got.status, got.body)
	return got.json(t)
}

func TestFromConsentToAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withApp)
	code := w.consent(t)
	w.pass(30 * time.Minute)
	got := w.exchange(t, code, nil)
	require.Equal(t, http.StatusOK, got.status, got.body)
	token := got.json(t)
	access, _ := token["access_token"].(string)
	require.NotEmpty(t, access)
	require.InDelta(t, 5184000, token["expires_in"], 0)
	require.NotContains(t, token, "refresh_token")
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "", with("Authorization", "Bearer "+access)).status)

	got = w.exchange(t, code, nil)
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Equal(t, "invalid_grant", got.json(t)["error"], "a code works once")

	granted := float64(noon.Add(30 * time.Minute).Unix())
	known := map[string]any{
		"active": true, "status": "active", "auth_type": "3L", "client_id": "app", "authorized_at": granted, "created_at": granted,
		"expires_at": granted + 5184000,
		"scope": "openid,profile,email,w_member_social,w_organization_social,r_member_social,r_basicprofile,r_member_postAnalytics," +
			"r_member_social_feed,r_organization_social,rw_organization_admin",
	}
	require.Equal(t, known, w.introspect(t, access))
	w.pass(60 * 24 * time.Hour)
	known["active"], known["status"] = false, "expired"
	require.Equal(t, known, w.introspect(t, access))

	narrower := ada
	narrower.Token, narrower.Scopes = "", []string{"openid"}
	w.box.AddMember(narrower)
	known["status"] = "revoked"
	require.Equal(t, known, w.introspect(t, access))
	require.Equal(t, map[string]any{"active": false}, w.introspect(t, "nobody's"))
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		changes map[string]string
		late    time.Duration
		status  int
		code    string
		spent   bool // the code does not work afterwards
	}{
		"a late code":         {nil, 30*time.Minute + 1, 400, "invalid_grant", true},
		"an unknown code":     {map[string]string{"code": "x"}, 0, 400, "invalid_grant", false},
		"another redirection": {map[string]string{"redirect_uri": callback}, 0, 400, "invalid_grant", true},
		"another app":         {map[string]string{"client_id": "x"}, 0, 401, "invalid_client", false},
		"another secret":      {map[string]string{"client_secret": "x"}, 0, 401, "invalid_client", false},
		"no code":             {map[string]string{"code": ""}, 0, 400, "invalid_request", false},
		"no redirection":      {map[string]string{"redirect_uri": ""}, 0, 400, "invalid_request", false},
		"a refresh":           {map[string]string{"grant_type": "refresh_token", "refresh_token": "x"}, 0, 400, "unsupported_grant_type", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withApp)
			code := w.consent(t)
			w.pass(c.late)
			got := w.exchange(t, code, c.changes)
			require.Equal(t, c.status, got.status, got.body)
			refused := got.json(t)
			require.Equal(t, c.code, refused["error"])
			require.NotEmpty(t, refused["error_description"])
			want := http.StatusOK
			if c.spent {
				want = http.StatusBadRequest
			}
			require.Equal(t, want, w.exchange(t, code, nil).status)
		})
	}
	t.Run("introspection by another app", func(t *testing.T) {
		t.Parallel()
		got := newWorld(t, withApp).call(t, "POST", "/oauth/v2/introspectToken", "client_id=app&client_secret=x&token=token-of-ada", asForm)
		require.Equal(t, http.StatusUnauthorized, got.status)
		require.Equal(t, "invalid_client", got.json(t)["error"])
	})
}

func TestConsent(t *testing.T) {
	t.Parallel()
	ask := func(w *world, changes ...string) reply {
		query := url.Values{"response_type": {"code"}, "redirect_uri": {callback}, "login_hint": {"ada"}}
		for i := 0; i < len(changes); i += 2 {
			query.Set(changes[i], changes[i+1])
		}
		return w.call(t, "GET", "/oauth/v2/authorization?"+query.Encode(), "")
	}
	w := newWorld(t)
	require.Equal(t, http.StatusFound, ask(w).status)
	require.Equal(t, http.StatusBadRequest, ask(w, "redirect_uri", "/relative").status)
	require.Equal(t, http.StatusBadRequest, ask(w, "response_type", "token").status)
	require.Equal(t, http.StatusBadRequest, ask(w, "login_hint", "eve").status)
	require.Equal(t, http.StatusBadRequest, ask(w, "login_hint", "").status, "which of the two?")
	alone := newWorld(t, func(o *sandbox.Options) { o.Members = o.Members[:1] })
	require.Equal(t, http.StatusFound, ask(alone, "login_hint", "").status)
}
