package app

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// originDomains reads domains as browsers do, which are less strict than registries: names within a network have underscores, and
// previews of a branch hyphens in the third and fourth place (WHATWG URL, domain to ASCII).
var originDomains = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.CheckJoiners(true),
	idna.StrictDomainName(false),
	idna.CheckHyphens(false),
)

// originHost is a domain as it may be then. A star, above all, would be taken for any origin.
var originHost = regexp.MustCompile(`^[a-z0-9._-]+$`)

// readOrigin writes a web origin as browsers send it, which leave out the port that the scheme has anyway: in small letters, and
// with a domain of another script as IDNA has it. false is for what is no origin.
func readOrigin(written string) (origin string, ok bool) {
	u, err := url.Parse(written)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != strings.ToLower(u.Scheme)+written[min(len(u.Scheme), len(written)):] {
		return "", false
	}
	host := strings.ToLower(u.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
		ascii, err := originDomains.ToASCII(strings.ToLower(u.Hostname()))
		switch {
		case strings.HasPrefix(host, "["): // an address
		case err != nil || !originHost.MatchString(ascii):
			return "", false
		default:
			host = ascii + strings.TrimPrefix(host, strings.ToLower(u.Hostname()))
		}
	}
	return u.Scheme + "://" + host, true
}

// origins are those whose pages may call. Verify has told which can't be read.
func (c ServerConfig) origins() (all []string) {
	for _, written := range c.Origins {
		if origin, ok := readOrigin(written); ok {
			all = append(all, origin)
		}
	}
	return all
}
