package webhooks

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// errNotPublic is that of a connection to an address that is not public. It does not say which: an owner may not learn from here what
// names mean inside the operator's network.
var errNotPublic = errors.New("the address is not public")

// public lets connections out to public addresses alone: whatever is in IANA's registries of special-purpose addresses is none (private,
// loopback, link-local, shared, and the addresses of clouds' metadata in them), and neither is Azure's, which looks like a public one.
var public = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")))

// guard is a net.Dialer's Control: it sees the very address that is connected to, after the name was resolved.
func guard(allowed *ssrf.Guardian) func(network, address string, conn syscall.RawConn) error {
	return func(network, address string, conn syscall.RawConn) error {
		if allowed.Safe(network, address, conn) != nil {
			return errNotPublic
		}
		return nil
	}
}

// longestURL is in bytes; specs/api holds callers to the same.
const longestURL = 2048

// problems are what is wrong with a URL that shows without asking anybody: what its host's name means is seen when it is connected to.
func (r Reach) problems(text string) (problems []string) {
	add := func(problem string) { problems = append(problems, problem) }
	switch {
	case text == "":
		return []string{"is needed: give the https URL that events are sent to"}
	case len(text) > longestURL:
		return []string{"must be at most 2048 bytes long"}
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return []string{"is no URL with a host: give one such as https://example.org/hooks"}
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && r.HTTP:
	case u.Scheme == "http":
		add("must begin with https:// unless the operator allows http with --webhooks-allow-http")
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
	case err == nil && public.SafeAddr(address.Unmap()) != nil, host == "localhost", strings.HasSuffix(host, ".localhost"):
		add("must have a host that everybody can reach, unless the operator allows others with --webhooks-allow-private")
	}
	return problems
}
