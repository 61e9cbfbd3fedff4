package reach

import (
	"net"
	"net/http"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Bounds of the connections that a client makes.
const (
	connectTimeout  = 5 * time.Second
	mostHeaderBytes = 16 << 10
	mostIdle        = 50
	idleTimeout     = 30 * time.Second
)

// Connections say how a client makes them. The zero value is as is to be where nothing is tested.
type Connections struct {
	// PerHost bounds those to one host; 0 for no bound.
	PerHost int
	// Resolver finds the addresses of hosts; nil for the system's.
	Resolver *net.Resolver
	// Public says which addresses everybody can reach; nil for Public.
	Public *ssrf.Guardian
}

// Client is the only one with which requests go to URLs that users chose. It holds the very address that is connected to against
// where requests may go, follows no redirect, and asks no proxy, which would connect to whatever it is asked for.
func (r Reach) Client(by Connections) *http.Client {
	dialer := &net.Dialer{Timeout: connectTimeout, Resolver: by.Resolver}
	if !r.Private {
		public := by.Public
		if public == nil {
			public = Public
		}
		dialer.Control = guard(public)
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectTimeout, DisableCompression: true,
			MaxResponseHeaderBytes: mostHeaderBytes, MaxConnsPerHost: by.PerHost, MaxIdleConns: mostIdle, MaxIdleConnsPerHost: 1,
			IdleConnTimeout: idleTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard is a net.Dialer's Control: it sees the very address that is connected to, after the name was resolved.
func guard(public *ssrf.Guardian) func(network, address string, conn syscall.RawConn) error {
	return func(network, address string, conn syscall.RawConn) error {
		if public.Safe(network, address, conn) != nil {
			return ErrNotPublic
		}
		return nil
	}
}
