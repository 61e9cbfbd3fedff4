package app_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

const (
	tessAddress  = "tess@example.org"
	tessPassword = "correct horse battery staple"
	sessions     = "/postwright.v1.SessionService/"
	listPosts    = "/postwright.v1.PostService/ListPosts"
)

// browser calls a node with the cookies that it was given.
type browser struct {
	w   *world
	url string
	jar http.CookieJar
}

func (w *world) browser(at string) *browser {
	w.T.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(w.T, err)
	return &browser{w: w, url: at, jar: jar}
}

// call sends a message in JSON. Headers follow, each with its value.
func (b *browser) call(procedure, message string, headers ...string) apptest.Answer {
	t := b.w.T
	t.Helper()
	at, err := url.Parse(b.url + procedure)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.String(), strings.NewReader(message))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	for _, cookie := range b.jar.Cookies(at) {
		req.AddCookie(cookie)
	}
	answer := b.w.Send(req)
	b.jar.SetCookies(at, (&http.Response{Header: answer.Header}).Cookies())
	return answer
}

// read has a page that is at a site, from where it calls, send a GET.
func (b *browser) read(procedure, site string) apptest.Answer {
	t := b.w.T
	t.Helper()
	at, err := url.Parse(b.url + procedure + "?connect=v1&encoding=json&message=%7B%7D")
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.String(), http.NoBody)
	require.NoError(t, err)
	if site != "" {
		req.Header.Set("Sec-Fetch-Site", site)
	}
	for _, cookie := range b.jar.Cookies(at) {
		req.AddCookie(cookie)
	}
	return b.w.Send(req)
}

func (b *browser) signIn(email, password string) apptest.Answer {
	b.w.T.Helper()
	return b.call(sessions+"SignIn", string(apptest.JSON(b.w.T, map[string]string{"email": email, "password": password})))
}

// current is the session that the browser has.
func (b *browser) current() (session struct {
	ID, Email, DisplayName, TimeZone, Address string
	Operator, Current                         bool
}) {
	b.w.T.Helper()
	answer := b.call(sessions+"GetSession", `{}`)
	require.Equal(b.w.T, http.StatusOK, answer.Status, "%s", answer.Body)
	var got struct{ Session json.RawMessage }
	require.NoError(b.w.T, json.Unmarshal(answer.Body, &got))
	require.NoError(b.w.T, json.Unmarshal(got.Session, &session))
	return session
}

// setPassword lets Tess sign in.
func (w *world) setPassword() {
	w.T.Helper()
	require.NoError(w.T, w.App.SignIn.SetPassword(w.T.Context(), uuid.MustParse(w.UserID(tessAddress)), tessPassword))
}

func TestWhoIsSignedInCallsTheAPIWithACookie(t *testing.T) {
	t.Parallel()
	var log apptest.Log
	w := newLoggedWorld(t, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	stop := w.Serve()
	w.setPassword()
	b := w.browser(w.URL)
	require.Equal(t, http.StatusUnauthorized, b.call(listPosts, `{}`).Status)

	answer := b.signIn("TESS@example.org", tessPassword)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	cookies := (&http.Response{Header: answer.Header}).Cookies()
	require.Len(t, cookies, 1)
	cookie := cookies[0]
	require.Equal(t, "postwright", cookie.Name)
	require.True(t, cookie.HttpOnly)
	require.False(t, cookie.Secure, "over TLS alone a browser could not be signed in on this machine")
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.NotContains(t, string(answer.Body), cookie.Value)

	session := b.current()
	require.Equal(t, tessAddress, session.Email)
	require.Equal(t, "127.0.0.1", session.Address)
	require.True(t, session.Current)
	require.False(t, session.Operator)
	require.Equal(t, http.StatusOK, b.call(listPosts, `{}`).Status)
	post := w.Draft("Seen by whom it belongs to")
	require.Contains(t, string(b.call("/postwright.v1.PostService/GetPost", `{"id":"`+post.GetId()+`"}`).Body), "Seen by")
	watched := b.call("/postwright.v1.PostService/WatchPost", frameOf(`{"id":"`+post.GetId()+`"}`), "Content-Type", "application/connect+json")
	require.Equal(t, http.StatusOK, watched.Status)
	require.Contains(t, string(watched.Body), "POST_STATE_DRAFT")

	for _, odd := range []string{`{"email":"tess@example.org","password":72727272727272}`, `{"password":"72727272727272\u0000"}`} {
		require.Equal(t, http.StatusBadRequest, w.browser(w.URL).call(sessions+"SignIn", odd).Status, odd)
	}
	withKey := b.call(sessions+"GetSession", `{}`, "Authorization", "Bearer "+w.Key)
	require.Contains(t, withKey.Failure(t).Message, "API key, which has no session")
	wrongKey := b.call(sessions+"GetSession", `{}`, "Authorization", "Bearer pw_nonsense")
	require.Equal(t, http.StatusUnauthorized, wrongKey.Status, "who sends a key means it")

	require.Equal(t, http.StatusOK, b.call(sessions+"UpdateProfile", `{"displayName":"Tess","timeZone":"Europe/Berlin"}`).Status)
	session = b.current()
	require.Equal(t, []string{"Tess", "Europe/Berlin"}, []string{session.DisplayName, session.TimeZone})

	require.Equal(t, http.StatusOK, b.call(sessions+"SignOut", `{}`).Status)
	require.Equal(t, http.StatusUnauthorized, b.call(listPosts, `{}`).Status)
	b.jar.SetCookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(w.URL, "http://"), Path: "/"}, []*http.Cookie{cookie})
	ended := b.call(listPosts, `{}`)
	require.Equal(t, http.StatusUnauthorized, ended.Status, "who has kept the cookie has nothing of it")
	require.Contains(t, ended.Failure(t).Message, "You are not signed in any more")
	require.NoError(t, stop())
	for _, secret := range []string{cookie.Value, tessPassword, "72727272727272"} {
		require.NotContains(t, log.String(), secret)
	}
}

// frameOf is a message of a stream, in its frame.
func frameOf(message string) string {
	return string([]byte{0, 0, 0, 0, byte(len(message))}) + message
}

func TestASessionThatEndsDoesSoOnAllNodesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	w.setPassword()
	other, stopOther := w.Run(w.Node(w.Config))
	hears := func(at string) func() bool {
		return func() bool { return bytes.Contains(w.Get(at+"/metrics").Body, []byte("\ncache_hears_changes 1\n")) }
	}
	require.Eventually(t, hears(w.URL), apptest.WaitLimit, apptest.WaitStep)
	require.Eventually(t, hears(other), apptest.WaitLimit, apptest.WaitStep)

	lost, mine := w.browser(w.URL), w.browser(w.URL)
	require.Equal(t, http.StatusOK, lost.signIn(tessAddress, tessPassword).Status)
	require.Equal(t, http.StatusOK, mine.signIn(tessAddress, tessPassword).Status)
	elsewhere := &browser{w: w, url: other, jar: lost.jar} // cookies are of a host, whatever its port
	require.Equal(t, http.StatusOK, elsewhere.call(listPosts, `{}`).Status, "a node knows the sessions that another has begun")
	require.Equal(t, http.StatusOK, lost.call(listPosts, `{}`).Status)
	before := readsOfRows(w)
	for range 5 {
		require.Equal(t, http.StatusOK, lost.call(listPosts, `{}`).Status)
	}
	require.Equal(t, before, readsOfRows(w), "a session that is used again is not looked up again")

	bob := w.User("bob@example.org")
	id := lost.current().ID
	require.Equal(t, http.StatusNotFound, mine.call(sessions+"EndSession", `{"id":"`+id+`"}`, "Authorization", "Bearer "+bob).Status)
	require.Equal(t, http.StatusOK, mine.call(sessions+"EndSession", `{"id":"`+id+`"}`).Status)
	require.Equal(t, http.StatusUnauthorized, lost.call(listPosts, `{}`).Status, "at once, where it was ended")
	require.Eventually(t, func() bool {
		return elsewhere.call(listPosts, `{}`).Status == http.StatusUnauthorized
	}, apptest.WaitLimit, apptest.WaitStep)
	require.Equal(t, http.StatusOK, mine.call(listPosts, `{}`).Status)
	require.NoError(t, stopOther())
	require.NoError(t, stop())
}

func TestAStreamEndsWithWhatItWasOpenedWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.App.ShortenSilence(time.Millisecond)
	stop := w.Serve()
	w.setPassword()
	waiting := frameOf(`{"id":"` + w.UnderWay("queued").GetId() + `"}`)
	b := w.browser(w.URL)
	b.signIn(tessAddress, tessPassword)
	watch := func(headers ...string) <-chan string {
		ended := make(chan string, 1)
		headers = append(headers, "Content-Type", "application/connect+json")
		go func() {
			defer close(ended)
			ended <- string(b.call("/postwright.v1.PostService/WatchPost", waiting, headers...).Body)
		}()
		require.Eventually(t, func() bool { return w.Scrape()["rpc_streams_open"] == 1 }, apptest.WaitLimit, apptest.WaitStep)
		return ended
	}
	id := b.current().ID
	ended := watch()
	require.Equal(t, http.StatusOK, w.browser(w.URL).call(sessions+"EndSession", `{"id":"`+id+`"}`, "Authorization", "Bearer "+w.Key).Status)
	require.Contains(t, <-ended, "You are not signed in any more")

	ended = watch("Authorization", "Bearer "+w.Key)
	_, err := w.App.Identity.RevokeKey(t.Context(), w.Key)
	require.NoError(t, err)
	require.Contains(t, <-ended, "The API key has been revoked")
	require.NoError(t, stop())
}

func TestAnotherPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	w.setPassword()
	lost, mine := w.browser(w.URL), w.browser(w.URL)
	lost.signIn(tessAddress, tessPassword)
	mine.signIn(tessAddress, tessPassword)
	change := func(current, next string) apptest.Answer {
		return mine.call(sessions+"ChangePassword", string(apptest.JSON(t, map[string]string{"currentPassword": current, "newPassword": next})))
	}
	require.Contains(t, change("nonsense", "another horse").Failure(t).Fields(t), "currentPassword")
	require.Contains(t, change(tessPassword, "short").Failure(t).Fields(t), "newPassword")
	require.Equal(t, http.StatusOK, lost.call(listPosts, `{}`).Status, "nothing has changed")
	require.Equal(t, http.StatusOK, change(tessPassword, "another horse").Status)
	require.Equal(t, http.StatusUnauthorized, lost.call(listPosts, `{}`).Status)
	require.Equal(t, http.StatusOK, mine.call(listPosts, `{}`).Status)
	require.Equal(t, http.StatusUnauthorized, lost.signIn(tessAddress, tessPassword).Status)
	require.Equal(t, http.StatusOK, lost.signIn(tessAddress, "another horse").Status)
	require.NoError(t, stop())
}

// A page of another origin can have a browser send what it likes; the browser says where that comes from.
func TestAPageOfAnotherOriginHasNoUseOfTheCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	w.setPassword()
	b := w.browser(w.URL)
	b.signIn(tessAddress, tessPassword)
	create := func(headers ...string) apptest.Answer {
		return b.call("/postwright.v1.PostService/CreatePost", `{"post":{"content":"From where?"}}`, headers...)
	}
	for name, headers := range map[string][]string{
		"a browser of today":   {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"a neighbour's page":   {"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:1"},
		"a browser of before":  {"Origin", "https://evil.example"},
		"a page without a one": {"Origin", "null"},
	} {
		refused := create(headers...)
		require.Equal(t, http.StatusForbidden, refused.Status, name)
		require.Contains(t, refused.Failure(t).Message, "Only pages of this Postwright", name)
		signIn := string(apptest.JSON(t, map[string]string{"email": tessAddress, "password": tessPassword}))
		require.Equal(t, http.StatusForbidden, w.browser(w.URL).call(sessions+"SignIn", signIn, headers...).Status, name)
	}
	require.Zero(t, w.Count(`SELECT count(*) FROM posts`))
	for site, status := range map[string]int{
		"same-site": http.StatusForbidden, "cross-site": http.StatusForbidden, "same-origin": http.StatusOK, "none": http.StatusOK, "": http.StatusOK,
	} {
		read := b.read(listPosts, site)
		require.Equal(t, status, read.Status, "a GET of %q: %s", site, read.Body)
		if status == http.StatusOK {
			require.Equal(t, "private, no-store", read.Header.Get("Cache-Control"))
		}
	}
	require.Equal(t, http.StatusOK, create("Sec-Fetch-Site", "same-origin", "Origin", w.URL).Status)
	require.Equal(t, http.StatusOK, create("Origin", w.URL).Status, "an origin is the host that was called")
	require.Equal(t, http.StatusOK, create().Status, "what is no browser says nothing")
	withKey := create("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example", "Authorization", "Bearer "+w.Key)
	require.Equal(t, http.StatusOK, withKey.Status, "no page has somebody's key by itself")
	require.NoError(t, stop())
}

func TestTheFirstUserIsMadeByALinkOnce(t *testing.T) {
	t.Parallel()
	var log apptest.Log
	w := newLoggedWorld(t, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	setUp := func(node *app.App) string {
		link, err := node.SetUpURL(t.Context(), &netAddr{"127.0.0.1:8080"})
		require.NoError(t, err)
		return link
	}
	require.Empty(t, setUp(w.App), "there is a user")
	w.Exec(`DELETE FROM users`)
	other := w.Node(w.Config)
	links := []string{setUp(w.App), setUp(w.App), setUp(other)}
	stop := w.Serve()
	otherURL, stopOther := w.Run(other)
	token := func(link string) string {
		before, token, found := strings.Cut(link, "#token=")
		require.True(t, found)
		require.Equal(t, "http://127.0.0.1:8080/set-up", before)
		return token
	}
	ask := func(b *browser, token, email, password string) apptest.Answer {
		return b.call(sessions+"SetUpFirstUser", string(apptest.JSON(t, map[string]string{
			"token": token, "email": email, "password": password, "timeZone": "Europe/Berlin",
		})))
	}
	b := w.browser(otherURL)
	wrong := b.call(sessions+"SetUpFirstUser", `{"token":"x","email":"ada","password":"short","timeZone":"Berlin","displayName":" "}`).Failure(t)
	fields := wrong.Fields(t)
	for _, field := range []string{"email", "password", "timeZone", "displayName"} {
		require.Contains(t, fields, field)
	}
	require.Equal(t, http.StatusUnauthorized, ask(b, "made-up", "ada@example.org", tessPassword).Status)
	w.Exec(`UPDATE sign_in_links SET expires_at = now() - interval '1 second' WHERE token_hash = sha256('` + token(links[0]) + `')`)
	require.Equal(t, http.StatusUnauthorized, ask(b, token(links[0]), "ada@example.org", tessPassword).Status, "its time is over")
	require.Zero(t, w.Count(`SELECT count(*) FROM users`))

	made := ask(b, token(links[1]), "ada@example.org", tessPassword)
	require.Equal(t, http.StatusOK, made.Status, "whichever node has made it: %s", made.Body)
	session := b.current()
	require.Equal(t, "ada@example.org", session.Email)
	require.True(t, session.Operator)
	for _, link := range links {
		again := ask(w.browser(w.URL), token(link), "eve@example.org", tessPassword)
		require.Equal(t, http.StatusBadRequest, again.Status)
		require.Contains(t, again.Failure(t).Message, "There is a user already")
	}
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM users`))
	require.Equal(t, http.StatusOK, w.browser(w.URL).signIn("ada@example.org", tessPassword).Status)
	require.NoError(t, stopOther())
	require.NoError(t, stop())
	require.NotContains(t, log.String(), token(links[1]))
	require.NotContains(t, log.String(), tessPassword)
}

// netAddr is an address in words.
type netAddr struct{ text string }

func (netAddr) Network() string  { return "tcp" }
func (a netAddr) String() string { return a.text }

func TestALinkThatSignsInWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	made, err := w.App.SignIn.MakeLink(t.Context(), uuid.MustParse(w.UserID(tessAddress)))
	require.NoError(t, err)
	message := string(apptest.JSON(t, map[string]string{"token": made}))
	b := w.browser(w.URL)
	require.Equal(t, http.StatusOK, b.call(sessions+"SignInWithLink", message).Status)
	require.Equal(t, tessAddress, b.current().Email)
	again := w.browser(w.URL).call(sessions+"SignInWithLink", message)
	require.Equal(t, http.StatusUnauthorized, again.Status)
	require.Contains(t, again.Failure(t).Message, "each works once")

	require.Equal(t, "You have no password yet: an operator sets the first one with `postwright user password`.",
		b.call(sessions+"ChangePassword", `{"currentPassword":"x","newPassword":"12345678"}`).Failure(t).Message)
	require.NoError(t, stop())
}

// A browser keeps such a cookie for this host and for TLS alone.
func TestWhereOthersReachTheServerItsCookieIsForTLSAlone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*app.Config){
		"an address of the network":  func(c *app.Config) { c.Server.Listen = "0.0.0.0:0" },
		"a proxy that speaks TLS":    func(c *app.Config) { c.Server.PublicURL = "https://posts.example.org" },
		"both":                       func(c *app.Config) { c.Server.Listen, c.Server.PublicURL = "0.0.0.0:0", "https://posts.example.org/" },
		"an address by another name": func(c *app.Config) { c.Server.Listen = ":0" },
		"a proxy on this machine":    func(c *app.Config) { c.Server.ClientAddressHeader = "X-Real-IP" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change)
			stop := w.Serve()
			w.setPassword()
			_, port, found := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(w.URL, "http://"), "[::]"), ":")
			require.True(t, found)
			answer := w.browser("http://127.0.0.1:"+port).signIn(tessAddress, tessPassword)
			require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
			cookie := (&http.Response{Header: answer.Header}).Cookies()[0]
			require.Equal(t, "__Host-postwright", cookie.Name)
			require.True(t, cookie.Secure)
			require.Empty(t, cookie.Domain)
			require.NoError(t, stop())
		})
	}
}

func TestTheConsoleIsServedBesideTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	ask := func(path, accept string) apptest.Answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Accept", accept)
		return w.Send(req)
	}
	for _, path := range []string{"/", "/posts/0190", "/set-up"} {
		page := ask(path, "text/html,application/xhtml+xml")
		require.Equal(t, http.StatusOK, page.Status, path)
		require.Equal(t, "text/html; charset=utf-8", page.Header.Get("Content-Type"), path)
		require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
	}
	require.Equal(t, http.StatusOK, ask("/healthz", "text/html").Status)
	require.Contains(t, string(ask("/v1/posts", "*/*").Body), "There is nothing at", "programs are told what there is")
	require.Contains(t, string(ask("/postwright.v1.PostService/GetPost", "text/html").Body), "The address has no message")
	require.NoError(t, stop())
}
