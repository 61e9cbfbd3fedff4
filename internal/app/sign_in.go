package app

import (
	"context"
	"net"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/password"
	"github.com/postwright/postwright/internal/rpc"
	"github.com/postwright/postwright/internal/signin"
)

// passwordsAtOnce is how many passwords are hashed at once: 19 MiB each, and no more than half the cores, which calls need too.
func passwordsAtOnce() int { return min(max(runtime.GOMAXPROCS(0)/2, 1), 4) }

func (a *App) wireSignIn() {
	a.SignIn = signin.New(signin.Dependencies{
		Store: a.store, Users: a.Identity, Sessions: identity.NewSessions(a.store, a.cache, a.cfg.Session.limits(), Now),
		Passwords: password.NewHasher(passwordsAtOnce()), Now: Now,
	}, time.Now)
}

func (c SessionConfig) limits() identity.SessionLimits {
	return identity.SessionLimits{Idle: c.Idle.Value, Lifetime: c.Lifetime.Value}
}

// sessions has a least time that is longer than what it takes until a use is written down.
func (v *validation) sessions(c SessionConfig) {
	const longest = 10 * 365 * 24 * time.Hour
	v.duration("--session-idle", c.Idle, 10*time.Minute, longest)
	v.duration("--session-lifetime", c.Lifetime, 10*time.Minute, longest)
	if c.Idle.Value > c.Lifetime.Value && !c.Idle.broken && !c.Lifetime.broken {
		v.wrong("--session-idle", "must not be more than --session-lifetime, which is %s", c.Lifetime.Value)
	}
}

// cookies are those of people who are signed in to a server that listens at an address.
func (a *App) cookies(at net.Addr) rpc.Cookies {
	proxied := a.cfg.Server.ClientAddressHeader != "" // then where it listens says nothing of where browsers are
	public, err := url.Parse(a.cfg.Server.PublicURL)
	if a.cfg.Server.PublicURL == "" || err != nil { // Verify has told what is wrong
		return rpc.Cookies{Secure: proxied || !onLoopback(at)}
	}
	return rpc.Cookies{Secure: proxied || public.Scheme == "https", Origin: public.Scheme + "://" + public.Host}
}

func onLoopback(at net.Addr) bool {
	tcp, is := at.(*net.TCPAddr)
	return is && tcp.IP.IsLoopback()
}

// ConsoleURL is where a browser finds the console of a server that listens at an address: at --server-public-url, or else at the
// address itself. It ends without a slash.
func (a *App) ConsoleURL(at net.Addr) string {
	if public := a.cfg.Server.PublicURL; public != "" {
		return strings.TrimSuffix(public, "/")
	}
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return "http://" + at.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// HasConsole reports whether this process serves the console.
func (a *App) HasConsole() bool { return a.cfg.serves() }

// SetUpURL is where the first user is made, once; "" where there is one already. What is after the # no browser sends: so it is in
// no log.
func (a *App) SetUpURL(ctx context.Context, at net.Addr) (string, error) {
	token, err := a.SignIn.MakeSetUpLink(ctx)
	if err != nil || token == "" {
		return "", err
	}
	return a.ConsoleURL(at) + "/set-up#token=" + token, nil
}
