// Package reach says where requests may go whose URLs users choose: endpoints of webhooks, push services of browsers.
//
// It owns which addresses are public, at the moment at which one is connected to, and what is wrong with a URL. It must not know
// what is sent there.
package reach

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"code.dny.dev/ssrf"
)

// Reach is where requests may go. The zero value is to https URLs whose hosts everybody can reach.
type Reach struct {
	Private bool // addresses that are not public too
	HTTP    bool // http too
}

// ErrNotPublic is that of a connection to an address that is not public. It does not say which: an owner may not learn from here what
// names mean inside the operator's network.
var ErrNotPublic = errors.New("the address is not public")

// Public lets connections out to public addresses alone: whatever is in IANA's registries of special-purpose addresses is none (private,
// loopback, link-local, shared, and the addresses of clouds' metadata in them), and neither is Azure's, which looks like a public one.
var Public = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")))

// LongestURL is in bytes; specs/api holds callers to the same.
const LongestURL = 2048

// Words are what is told to the owner of a URL that is wrong.
type Words struct {
	Needed       string // what there is to give
	Example      string
	AllowHTTP    string // the operator's settings
	AllowPrivate string
}

// Problems are what is wrong with a URL that shows without asking anybody: what its host's name means is seen when it is connected to.
func (r Reach) Problems(text string, words Words) (problems []string) {
	add := func(problem string) { problems = append(problems, problem) }
	switch {
	case text == "":
		return []string{"is needed: give " + words.Needed}
	case len(text) > LongestURL:
		return []string{fmt.Sprintf("must be at most %d bytes long", LongestURL)}
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return []string{"is no URL with a host: give one such as " + words.Example}
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && r.HTTP:
	case u.Scheme == "http":
		add("must begin with https:// unless the operator allows http with " + words.AllowHTTP)
	default:
		add("must begin with https://")
	}
	if u.User != nil {
		add("must not hold a name or password: the signature says who sends")
	}
	if u.Fragment != "" {
		add("must not have a fragment: leave out what follows #")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		add("must have a port from 1 to 65535, or none")
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	address, err := netip.ParseAddr(host)
	switch {
	case host == "":
		add("has no host")
	case r.Private:
	case err == nil && Public.SafeAddr(address.Unmap()) != nil, host == "localhost", strings.HasSuffix(host, ".localhost"):
		add("must have a host that everybody can reach, unless the operator allows others with " + words.AllowPrivate)
	}
	return problems
}
