package linkedin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestUserInfo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want linkedin.Profile
	}{
		"everything, the locale an object": {
			`{"sub":"Ada_1","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","picture":"https://media.example/p",
				"locale":{"country":"GB","language":"en"},"email":"ada@example.com","email_verified":true}`,
			linkedin.Profile{
				MemberID: "Ada_1", Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", PictureURL: "https://media.example/p",
				Locale: "en-GB", Email: "ada@example.com", EmailVerified: true,
			},
		},
		"the locale a string":    {`{"sub":"a","locale":"en_US"}`, linkedin.Profile{MemberID: "a", Locale: "en-US"}},
		"a locale of no country": {`{"sub":"a","locale":{"language":"en"}}`, linkedin.Profile{MemberID: "a", Locale: "en"}},
		"a locale of neither":    {`{"sub":"a","locale":7}`, linkedin.Profile{MemberID: "a"}},
		"nothing but who it is":  {`{"sub":"a"}`, linkedin.Profile{MemberID: "a"}},
		"an e-mail not confirmed": {
			`{"sub":"a","email":"a@example.com","email_verified":false}`,
			linkedin.Profile{MemberID: "a", Email: "a@example.com"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			profile, err := client.UserInfo(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, test.want, profile)
		})
	}
	for name, body := range map[string]string{"nobody": `{"name":"Ada"}`, "an id that is none": `{"sub":"a b"}`, "null": `null`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, body)
			_, err := client.UserInfo(t.Context(), token)
			requireBadAnswer(t, err)
		})
	}
}

func TestPerson(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"id":"a","localizedFirstName":"Ada","localizedLastName":"Lovelace"}`)
	profile, err := client.Person(t.Context(), token, "a")
	require.NoError(t, err)
	require.Equal(t, linkedin.Profile{MemberID: "a", Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace"}, profile)

	client, _ = serve(t, nil, 200, nil, `{}`)
	_, err = client.Person(t.Context(), token, "a")
	requireBadAnswer(t, err)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want linkedin.Token
		bad  bool
	}{
		"without a refresh token": {
			`{"access_token":"AQX","expires_in":5184000,"scope":"openid profile w_member_social"}`,
			linkedin.Token{AccessToken: "AQX", ExpiresIn: 60 * 24 * time.Hour, Scopes: []string{"openid", "profile", "w_member_social"}}, false,
		},
		"with a refresh token": {
			`{"access_token":"AQX","expires_in":1,"scope":"a,b","refresh_token":"AQY","refresh_token_expires_in":31536000}`,
			linkedin.Token{
				AccessToken: "AQX", ExpiresIn: time.Second, Scopes: []string{"a", "b"}, RefreshToken: "AQY", RefreshTokenExpiresIn: 365 * 24 * time.Hour,
			}, false,
		},
		"no token":           {`{"expires_in":1}`, linkedin.Token{}, true},
		"no lifetime":        {`{"access_token":"AQX"}`, linkedin.Token{AccessToken: "AQX", Scopes: []string{}}, false},
		"a lifetime of ages": {`{"access_token":"AQX","expires_in":9223372036854775807}`, linkedin.Token{AccessToken: "AQX", Scopes: []string{}}, false},
		"a refresh token without one": {`{"access_token":"AQX","expires_in":1,"refresh_token":"AQY"}`, linkedin.Token{
			AccessToken: "AQX", ExpiresIn: time.Second, Scopes: []string{}, RefreshToken: "AQY",
		}, false},
		"null": {`null`, linkedin.Token{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, err := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
			require.Equal(t, test.want, got)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
			got, err = client.RefreshToken(t.Context(), "AQY")
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"active":true,"status":"active","expires_at":1799000000,"scope":"openid,w_member_social","auth_type":"3L"}`)
	got, err := client.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.True(t, got.ExpiresAt.Equal(time.Unix(1799000000, 0)))
	got.ExpiresAt = time.Time{}
	require.Equal(t, linkedin.Introspection{Active: true, Status: "active", Scopes: []string{"openid", "w_member_social"}}, got)

	client, _ = serve(t, nil, 200, nil, `{"active":false}`)
	got, err = client.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.False(t, got.Active)
	require.True(t, got.ExpiresAt.IsZero())

	client, _ = serve(t, nil, 200, nil, `{"status":"active"}`)
	_, err = client.Introspect(t.Context(), token)
	requireBadAnswer(t, err)
}
