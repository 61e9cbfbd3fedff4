package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOriginsAreComparedAsBrowsersSendThem(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"https://app.example.org":          "https://app.example.org",
		"https://app.example.org:443":      "https://app.example.org",
		"http://app.example.org:80":        "http://app.example.org",
		"https://app.example.org:80":       "https://app.example.org:80",
		"http://localhost:3000":            "http://localhost:3000",
		"HTTPS://App.Example.org":          "https://app.example.org",
		"https://app.example.org:":         "https://app.example.org",
		"https://b\u00fccher.example":      "https://xn--bcher-kva.example",
		"https://b\u00fccher.example:8443": "https://xn--bcher-kva.example:8443",
		"http://[::1]:80":                  "http://[::1]",
		"http://[::1]:3000":                "http://[::1]:3000",
		"chrome-extension://abcdef":        "chrome-extension://abcdef",
		"http://my_app:3000":               "http://my_app:3000",
		"https://qa--site.example.org":     "https://qa--site.example.org",
		"https://Fa\u00df.example":         "https://xn--fa-hia.example",
		"https://*.example.org":            "",
		"https://*":                        "",
		"https://a%2ab.example.org":        "",
		"https://app.example.org/":         "",
		"https://app.example.org/page":     "",
		"https://ada@app.example.org":      "",
		"https://app.example.org?x=1":      "",
		"https://app example.org":          "",
		" https://app.example.org":         "",
		"app.example.org":                  "",
		"*":                                "",
		"":                                 "",
		"null":                             "",
		"https://":                         "",
	} {
		got, ok := readOrigin(written)
		require.Equal(t, want != "", ok, written)
		require.Equal(t, want, got, written)
	}
}

func TestAProxyThatCanNotBeReadIsAFaultOfTheConfiguration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env   map[string]string
		wrong []string
	}{
		"none":                       {nil, nil},
		"a URL":                      {map[string]string{"HTTPS_PROXY": "http://ada:secret@proxy.example.org:3128"}, nil},
		"a host and port":            {map[string]string{"HTTP_PROXY": "proxy.example.org:3128"}, nil},
		"SOCKS":                      {map[string]string{"HTTPS_PROXY": "socks5://127.0.0.1:1080"}, nil},
		"another scheme":             {map[string]string{"HTTPS_PROXY": "ftp://proxy.example.org"}, []string{"HTTPS_PROXY"}},
		"a blank":                    {map[string]string{"HTTPS_PROXY": "http://proxy example.org:3128"}, []string{"HTTPS_PROXY"}},
		"a password with a percent":  {map[string]string{"HTTP_PROXY": "http://ada:se%cret@proxy.example.org"}, []string{"HTTP_PROXY"}},
		"a port that is none":        {map[string]string{"HTTP_PROXY": "http://proxy.example.org:port"}, []string{"HTTP_PROXY"}},
		"no host":                    {map[string]string{"HTTPS_PROXY": "http://:3128"}, []string{"HTTPS_PROXY"}},
		"small letters":              {map[string]string{"https_proxy": "http://", "http_proxy": "://x"}, []string{"https_proxy", "http_proxy"}},
		"small letters do not count": {map[string]string{"HTTPS_PROXY": "http://proxy.example.org", "https_proxy": "http://"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var v validation
			v.proxies(func(name string) string { return c.env[name] }, []string{"https", "http"})
			var wrong []string
			for _, f := range v.faults {
				wrong = append(wrong, f.Path)
				require.NotContains(t, f.Problem, "cret")
				require.Contains(t, f.Problem, "with %XX for what")
			}
			require.Equal(t, c.wrong, wrong)
		})
	}
}

// An HTTP_PROXY that nothing used kept the server from starting.
func TestAProxyThatNothingNeedsIsAWarning(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		return map[string]string{"HTTP_PROXY": "http://ada:se%cret@proxy.example.org"}[name]
	}
	for name, c := range map[string]struct {
		change func(*Config)
		faulty bool
	}{
		"only https, and this machine":    {func(*Config) {}, false},
		"the analysis is called by http":  {func(c *Config) { c.Analysis.URL = "http://analysis.example.org" }, true},
		"in capitals":                     {func(c *Config) { c.Notification.URL = "HTTP://notify.example.org" }, true},
		"LinkedIn is a sandbox elsewhere": {func(c *Config) { c.LinkedIn.AuthURL = "http://sandbox.example.org:8090" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Defaults()
			c.change(&cfg)
			var v validation
			v.proxies(env, cfg.called())
			warned := unusedProxies(env, cfg.called())
			if c.faulty {
				require.Len(t, v.faults, 1)
				require.Empty(t, warned)
				return
			}
			require.Empty(t, v.faults)
			require.Len(t, warned, 1)
			require.Contains(t, warned[0].Detail, "HTTP_PROXY")
			require.NotContains(t, warned[0].Detail+warned[0].Remedy, "cret")
		})
	}
}
