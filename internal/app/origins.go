package app

import (
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

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
		ascii, err := idna.Lookup.ToASCII(strings.ToLower(u.Hostname()))
		switch {
		case strings.HasPrefix(host, "["): // an address
		case err != nil || ascii == "":
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
