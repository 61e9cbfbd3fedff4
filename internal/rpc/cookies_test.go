package rpc

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestTheCookieIsAsStrictAsItsBrowserCanKeepIt(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		cookies    Cookies
		set, clear string
	}{
		"over TLS": {
			Cookies{Secure: true},
			"__Host-postwright=token; Path=/; Expires=Thu, 24 Dec 2026 18:00:00 GMT; HttpOnly; Secure; SameSite=Strict",
			"__Host-postwright=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; HttpOnly; Secure; SameSite=Strict",
		},
		"on this machine": {
			Cookies{},
			"postwright=token; Path=/; Expires=Thu, 24 Dec 2026 18:00:00 GMT; HttpOnly; SameSite=Strict",
			"postwright=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; HttpOnly; SameSite=Strict",
		},
	} {
		header := http.Header{}
		c.cookies.set(header, "token", until)
		require.Equal(t, []string{c.set}, header.Values("Set-Cookie"), name)
		require.Equal(t, "private, no-store", header.Get("Cache-Control"), name)
		c.cookies.clear(header)
		require.Equal(t, []string{c.clear}, header.Values("Set-Cookie"), name)
	}
}

func TestATokenIsReadFromItsOwnCookieAlone(t *testing.T) {
	t.Parallel()
	secure, plain := Cookies{Secure: true}, Cookies{}
	for _, c := range []struct {
		headers       []string
		secure, plain string
	}{
		{nil, "", ""},
		{[]string{"__Host-postwright=a"}, "a", ""},
		{[]string{"postwright=b"}, "", "b"},
		{[]string{"theme=dark; postwright=b; __Host-postwright=a"}, "a", "b"},
		{[]string{"theme=dark", "__Host-postwright=a"}, "a", ""},
		{[]string{"not a cookie; ;="}, "", ""},
		{[]string{"xpostwright=b"}, "", ""},
	} {
		require.Equal(t, c.secure, secure.token(c.headers), c.headers)
		require.Equal(t, c.plain, plain.token(c.headers), c.headers)
	}
}

// Who comes through a proxy that changes the Host says by the origin where they are.
func TestAnOriginThatIsTheConsolesIsLetIn(t *testing.T) {
	t.Parallel()
	refused := func(_ context.Context, _ string, err error) *connect.Error { return ToConnect(err, "id") }
	nothing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	guard, err := guardCookies(Cookies{Origin: "https://posts.example.org"}, func(context.Context, uuid.UUID) {}, refused, nothing)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		procedure string
		headers   []string
		status    int
	}{
		"the console's page":         {"/x.Y/Do", []string{"Cookie", "postwright=a", "Origin", "https://posts.example.org"}, 204},
		"another page":               {"/x.Y/Do", []string{"Cookie", "postwright=a", "Origin", "https://evil.example"}, 403},
		"another page, no cookie":    {"/x.Y/Do", []string{"Origin", "https://evil.example"}, 204},
		"another page, with a key":   {"/x.Y/Do", []string{"Cookie", "postwright=a", "Origin", "https://evil.example", "Authorization", "Bearer k"}, 204},
		"another page that signs in": {"/postwright.v1.SessionService/SignIn", []string{"Origin", "https://evil.example"}, 403},
		"a program that signs in":    {"/postwright.v1.SessionService/SignIn", nil, 204},
		"a neighbour's sub-domain":   {"/x.Y/Do", []string{"Cookie", "postwright=a", "Sec-Fetch-Site", "same-site", "Origin", "https://b.org"}, 403},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://10.0.0.1"+c.procedure, strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
		}
		w := httptest.NewRecorder()
		guard.ServeHTTP(w, r)
		require.Equal(t, c.status, w.Code, name)
		if c.status == http.StatusForbidden {
			require.Contains(t, w.Body.String(), reasonCrossOrigin, name)
		}
	}
	_, err = guardCookies(Cookies{Origin: "https://posts.example.org/console"}, func(context.Context, uuid.UUID) {}, refused, nothing)
	require.Error(t, err)
}
