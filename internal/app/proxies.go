package app

import (
	"net/url"
	"slices"
	"strings"
)

// proxyVariables name the proxies of the calls to vendors; what is in small letters counts only where the other is empty.
var proxyVariables = [][2]string{{"HTTPS_PROXY", "https_proxy"}, {"HTTP_PROXY", "http_proxy"}}

// proxySchemes are those of the proxies that net/http can use.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// proxies objects to what names a proxy and can't be read: net/http says so only with each call, as if the vendor were away. The
// values are not told, because a password may stand in them.
func (v *validation) proxies(env func(string) string) {
	for _, names := range proxyVariables {
		name, value := names[0], env(names[0])
		if value == "" {
			name, value = names[1], env(names[1])
		}
		if value == "" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if u, err := url.Parse(value); err != nil || u.Hostname() == "" || !slices.Contains(proxySchemes, u.Scheme) || strings.Contains(u.Host, " ") {
			v.wrong(name, "must be the URL of a proxy, such as http://proxy.example.org:3128, with %%XX for what is special in a URL; or unset it")
		}
	}
}
