package app

import (
	"net/url"
	"slices"
	"strings"

	"github.com/postwright/postwright/internal/status"
)

// proxyVariables name the proxies of the calls to vendors by the scheme that is called; what is in small letters counts only
// where the other is empty.
var proxyVariables = []struct{ scheme, name, small string }{{"https", "HTTPS_PROXY", "https_proxy"}, {"http", "HTTP_PROXY", "http_proxy"}}

// proxySchemes are those of the proxies that net/http can use.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// brokenProxy is a variable that names a proxy and can't be read.
type brokenProxy struct{ scheme, name string }

// brokenProxies are the variables that can't be read: net/http says so only with each call, as if the vendor were away. The
// values are not told, because a password may stand in them.
func brokenProxies(env func(string) string) (broken []brokenProxy) {
	for _, variable := range proxyVariables {
		name, value := variable.name, env(variable.name)
		if value == "" {
			name, value = variable.small, env(variable.small)
		}
		if value == "" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if u, err := url.Parse(value); err != nil || u.Hostname() == "" || !slices.Contains(proxySchemes, u.Scheme) || strings.Contains(u.Host, " ") {
			broken = append(broken, brokenProxy{variable.scheme, name})
		}
	}
	return broken
}

// proxies objects to a proxy that is needed, for the schemes that are called, and can't be read.
func (v *validation) proxies(env func(string) string, called []string) {
	for _, broken := range brokenProxies(env) {
		if slices.Contains(called, broken.scheme) {
			v.wrong(broken.name, "%s", status.RemedyProxy)
		}
	}
}

// unusedProxies warns of proxies that can't be read, and that nothing needs.
func unusedProxies(env func(string) string, called []string) (checks []status.Check) {
	for _, broken := range brokenProxies(env) {
		if !slices.Contains(called, broken.scheme) {
			checks = append(checks, status.UnusedProxy(broken.name))
		}
	}
	return checks
}

// called are the schemes of the addresses of vendors that are set; net/http asks no proxy for one on this machine.
func (c Config) called() (schemes []string) {
	for _, address := range []string{c.LinkedIn.APIURL, c.LinkedIn.AuthURL, c.Analysis.URL, c.LLM.URL, c.Notification.URL} {
		if u, err := url.Parse(address); err == nil && address != "" && !loopback(u.Hostname()) {
			schemes = append(schemes, strings.ToLower(u.Scheme))
		}
	}
	return schemes
}
