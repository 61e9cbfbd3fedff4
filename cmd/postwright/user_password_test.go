package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
)

// postwrightWith runs a command line in this process, with something on standard input.
func postwrightWith(t *testing.T, in string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"--log-level=error"}, args...), strings.NewReader(in), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// answer is what came back.
type answer struct {
	status  int
	body    string
	cookies []*http.Cookie
}

// callAt sends a message in JSON to a method.
func callAt(t *testing.T, url, message string, cookies []*http.Cookie) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(message))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for _, cookie := range cookies {
		req.AddCookie(cookie)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, string(body), res.Cookies()}
}

// signInByLink signs in by the link that a demo has printed, which works once.
func signInByLink(t *testing.T, address, printed string) {
	t.Helper()
	link := regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/sign-in#token=(\S+)\n`).FindStringSubmatch(printed)
	require.NotEmpty(t, link, printed)
	require.Equal(t, address, link[1])
	const service = "/postwright.v1.SessionService/"
	message := `{"token":"` + link[2] + `"}`
	signedIn := callAt(t, address+service+"SignInWithLink", message, nil)
	require.Equal(t, http.StatusOK, signedIn.status, signedIn.body)
	require.Contains(t, signedIn.body, `"email":"demo@example.org"`)
	require.Equal(t, http.StatusUnauthorized, callAt(t, address+service+"SignInWithLink", message, nil).status)
	require.Equal(t, http.StatusOK, callAt(t, address+service+"GetSession", `{}`, signedIn.cookies).status)
}

// The first user by the link that `serve` prints, the second by commands: both sign in.
func TestPeopleSignInToWhatIsServed(t *testing.T) {
	t.Parallel()
	on := "--database-url=" + dbtest.New(t)
	out := &told{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--log-level=error", "serve", on, "--listen=127.0.0.1:0"}, strings.NewReader(""), out, out)
	}()
	link := regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/set-up#token=(\S+)\n`)
	require.Eventually(t, func() bool { return link.MatchString(out.String()) }, time.Minute, 20*time.Millisecond, "%s", out)
	found := link.FindStringSubmatch(out.String())
	require.Contains(t, out.String(), "The console is at "+found[1]+"\n")
	at := found[1] + "/postwright.v1.SessionService/"
	made := callAt(t, at+"SetUpFirstUser", `{"token":"`+found[2]+`","email":"ada@example.org","password":"correct horse"}`, nil)
	require.Equal(t, http.StatusOK, made.status, made.body)
	require.Contains(t, made.body, `"operator":true`)

	code, _, errOut := postwright(t, "user", "create", on, "--email=bob@example.org", "--operator")
	require.Zero(t, code, errOut)
	_, users, _ := postwright(t, "user", "list", on)
	require.Equal(t, 2, strings.Count(users, "yes"), users)
	code, _, errOut = postwrightWith(t, "short\n", "user", "password", on, "--user=bob@example.org")
	require.Equal(t, 2, code)
	require.Contains(t, errOut, "password must have 8 to 128 characters")
	code, _, errOut = postwrightWith(t, "battery staple\n", "user", "password", on, "--user=eve@example.org")
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "There is no user")
	code, said, errOut := postwrightWith(t, "battery staple\r\nand more\n", "user", "password", on, "--user=BOB@example.org")
	require.Zero(t, code, errOut)
	require.Contains(t, said, "set the password of bob@example.org")
	require.NotContains(t, said, "battery")
	signedIn := callAt(t, at+"SignIn", `{"email":"bob@example.org","password":"battery staple"}`, nil)
	require.Equal(t, http.StatusOK, signedIn.status, signedIn.body)
	require.Equal(t, http.StatusOK, callAt(t, at+"GetSession", `{}`, signedIn.cookies).status)
	code, _, errOut = postwrightWith(t, "another battery", "user", "password", on, "--user=bob@example.org")
	require.Zero(t, code, errOut)
	require.Eventually(t, func() bool {
		return callAt(t, at+"GetSession", `{}`, signedIn.cookies).status == http.StatusUnauthorized
	}, time.Minute, 20*time.Millisecond, "a password that an operator sets ends what was begun with the one before")
	stop()
	require.Zero(t, <-ended)

	code, _, errOut = postwright(t, "serve", "--check", on, "--listen=127.0.0.1:0", "--session-idle=3000h")
	require.Equal(t, 2, code)
	require.Contains(t, errOut, "--session-idle must not be more than --session-lifetime")
}
