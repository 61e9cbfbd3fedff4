package rpc

import (
	"context"
	"errors"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/fault"
)

// Cookies are how a session's token is kept in a browser.
type Cookies struct {
	// Secure says that browsers reach the server over TLS: then they send the cookie over nothing else.
	Secure bool
	// Origin is the web origin of the console where it is not that of the address called, such as behind a proxy that changes the
	// Host; "" where it is.
	Origin string
}

// name is the cookie's. A browser takes __Host- from this very host alone, and over TLS, so that no neighbour can plant one.
func (c Cookies) name() string {
	if c.Secure {
		return "__Host-postwright"
	}
	return "postwright"
}

// token is that of a session in the Cookie headers of a call, "" where there is none.
func (c Cookies) token(headers []string) string {
	if len(headers) == 0 {
		return ""
	}
	cookie, err := (&http.Request{Header: http.Header{"Cookie": headers}}).Cookie(c.name())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// set has the browser keep a token until a time. No page and no script reads it, and no page of another site has it sent.
func (c Cookies) set(header setter, token string, until time.Time) { c.write(header, token, until) }

// clear has the browser forget the token.
func (c Cookies) clear(header setter) { c.write(header, "", time.Unix(1, 0)) }

func (c Cookies) write(header setter, token string, until time.Time) {
	cookie := http.Cookie{ //nolint:gosec // G124: on this machine alone it is not Secure, see Cookies
		Name: c.name(), Value: token, Path: "/", Expires: until, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: c.Secure,
	}
	header.Set("Set-Cookie", cookie.String())
	header.Set("Cache-Control", ofOne)
}

// ofOne is the Cache-Control of what is answered to one person alone. The cookie that it goes by says nothing of that to a cache.
const ofOne = "private, no-store"

// maxSignInBytes bounds a message of those that sign in: an address, a password, a name and a zone, each character an escape of JSON.
const maxSignInBytes = 16 << 10

// signsIn reports whether a procedure signs somebody in, who has nothing to prove who they are with yet.
func signsIn(procedure string) bool {
	switch procedure {
	case postwrightv1connect.SessionServiceSignInProcedure, postwrightv1connect.SessionServiceSignInWithLinkProcedure,
		postwrightv1connect.SessionServiceSetUpFirstUserProcedure:
		return true
	}
	return false
}

// reasonCrossOrigin marks the refusal of what a page of another origin had a browser send.
const reasonCrossOrigin = "CROSS_ORIGIN"

// guardCookies refuses what pages of other origins have a browser send with a cookie of ours, or to get one. A call with a key needs
// no such guard: no browser adds that by itself.
func guardCookies(
	cookies Cookies, delay Delay, refused func(ctx context.Context, procedure string, err error) *connect.Error, next http.Handler,
) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if cookies.Origin != "" {
		if err := protection.AddTrustedOrigin(cookies.Origin); err != nil {
			return nil, errors.New("the origin of the console can't be one: " + cookies.Origin)
		}
	}
	errorWriter := connecthttp.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie := r.Header.Get("Authorization") == "" && cookies.token(r.Header["Cookie"]) != ""
		if !cookie && !signsIn(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		err := protection.Check(r)
		if err == nil && fromElsewhere(r) {
			err = errors.New("a GET from another origin")
		}
		if err != nil {
			leaveArrivals(r.Context())
			delay(r.Context(), uuid.Nil)
			refuse(w, r, errorWriter, fault.New(fault.Forbidden, "Only pages of this Postwright may use its cookie: a page of another origin calls "+
				"with an API key, without cookies.").WithReason(reasonCrossOrigin).WithCause(err), refused)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}

// fromElsewhere reports whether a page of another origin had a browser send a GET, which CrossOriginProtection lets through.
// A neighbouring page has the cookie sent; browsers that send it with a GET say where that comes from.
func fromElsewhere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Method == http.MethodGet && (site == "same-site" || site == "cross-site")
}
