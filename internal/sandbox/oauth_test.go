package sandbox_test

import (
	"net/http"
	"net/url"
	"slices"
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
		"scope": {"openid w_member_social"},
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
		"a late code":          {nil, 30*time.Minute + 1, 400, "invalid_grant", true},
		"an unknown code":      {map[string]string{"code": "x"}, 0, 400, "invalid_grant", false},
		"another redirection":  {map[string]string{"redirect_uri": callback}, 0, 400, "invalid_grant", true},
		"another app":          {map[string]string{"client_id": "x"}, 0, 401, "invalid_client", false},
		"another secret":       {map[string]string{"client_secret": "x"}, 0, 401, "invalid_client", false},
		"no code":              {map[string]string{"code": ""}, 0, 400, "invalid_request", false},
		"no redirection":       {map[string]string{"redirect_uri": ""}, 0, 400, "invalid_request", false},
		"an unknown refresh":   {map[string]string{"grant_type": "refresh_token", "refresh_token": "x"}, 0, 400, "invalid_grant", false},
		"a refresh of nothing": {map[string]string{"grant_type": "refresh_token"}, 0, 400, "invalid_request", false},
		"another grant":        {map[string]string{"grant_type": "client_credentials"}, 0, 400, "unsupported_grant_type", false},
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

func withRefreshTokens(o *sandbox.Options) {
	withApp(o)
	o.Members = slices.Clone(o.Members)
	for i := range o.Members {
		o.Members[i].RefreshTokens = true
	}
}

// refresh exchanges a refresh token.
func (w *world) refresh(t *testing.T, refreshToken string) reply {
	t.Helper()
	return w.exchange(t, "", map[string]string{"grant_type": "refresh_token", "refresh_token": refreshToken, "redirect_uri": ""})
}

// The example of LinkedIn's page on refresh tokens: day 1, day 59 and day 360.
func TestARefreshTokenLastsAYearFromTheConsent(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newWorld(t, withRefreshTokens)
	first := w.exchange(t, w.consent(t), nil).json(t)
	refreshToken, _ := first["refresh_token"].(string)
	require.NotEmpty(t, refreshToken)
	require.InDelta(t, 365*86400, first["refresh_token_expires_in"], 0)
	require.InDelta(t, 60*86400, first["expires_in"], 0)

	w.pass(59 * day)
	second := w.refresh(t, refreshToken).json(t)
	require.Equal(t, refreshToken, second["refresh_token"], "the same")
	require.InDelta(t, 306*86400, second["refresh_token_expires_in"], 0, "and not extended")
	require.InDelta(t, 60*86400, second["expires_in"], 0)
	require.Equal(t, first["scope"], second["scope"])
	access, _ := second["access_token"].(string)
	require.NotEqual(t, first["access_token"], access)
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "", with("Authorization", "Bearer "+access)).status)
	known := w.introspect(t, access)
	require.InDelta(t, noon.Unix(), known["authorized_at"], 0, "the consent")
	require.InDelta(t, noon.Add(59*day).Unix(), known["created_at"], 0, "the refresh")

	w.pass(301 * day)
	third := w.refresh(t, refreshToken).json(t)
	require.InDelta(t, 5*86400, third["refresh_token_expires_in"], 0)
	require.InDelta(t, 5*86400, third["expires_in"], 0, "an access token does not outlive it")
	access, _ = third["access_token"].(string)
	require.InDelta(t, noon.Add(365*day).Unix(), w.introspect(t, access)["expires_at"], 0)

	w.pass(5 * day)
	got := w.refresh(t, refreshToken)
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Equal(t, "invalid_grant", got.json(t)["error"])
}

func TestARefreshTokenEndsWhenTheMemberTakesItBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"by revoking": func(w *world) { w.box.Revoke("ada") },
		"by granting other scopes": func(w *world) {
			narrower := ada
			narrower.Scopes = []string{"openid"}
			w.box.AddMember(narrower)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withRefreshTokens)
			back, err := url.Parse(w.ask(t, "login_hint", "bob").header.Get("Location"))
			require.NoError(t, err)
			bobs, _ := w.exchange(t, back.Query().Get("code"), map[string]string{"redirect_uri": callback}).json(t)["refresh_token"].(string)
			token := w.exchange(t, w.consent(t), nil).json(t)
			refreshToken, _ := token["refresh_token"].(string)
			access, _ := token["access_token"].(string)
			require.Equal(t, http.StatusOK, w.refresh(t, refreshToken).status)
			end(w)
			got := w.refresh(t, refreshToken)
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Equal(t, "invalid_grant", got.json(t)["error"])
			require.Equal(t, "revoked", w.introspect(t, access)["status"])
			require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "", asBob).status, "other members keep theirs")
			require.Equal(t, http.StatusOK, w.refresh(t, bobs).status)
		})
	}
}

func TestARefreshNeedsTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRefreshTokens)
	refreshToken, _ := w.exchange(t, w.consent(t), nil).json(t)["refresh_token"].(string)
	got := w.exchange(t, "", map[string]string{"grant_type": "refresh_token", "refresh_token": refreshToken, "client_secret": "x"})
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Equal(t, http.StatusOK, w.refresh(t, refreshToken).status)
}
