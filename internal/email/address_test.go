package email_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/email"
)

func TestParse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for name, c := range map[string]struct{ text, envelope, key, problem string }{
		"plain":                      {"ada@example.org", "ada@example.org", "ada@example.org", ""},
		"a tag behind a plus":        {"ada+posts@example.org", "ada+posts@example.org", "ada+posts@example.org", ""},
		"capitals":                   {"Ada@Example.ORG", "Ada@example.org", "ada@example.org", ""},
		"an umlaut in the domain":    {"user@münchen.de", "user@xn--mnchen-3ya.de", "user@xn--mnchen-3ya.de", ""},
		"its capital":                {"user@MÜNCHEN.de", "user@xn--mnchen-3ya.de", "user@xn--mnchen-3ya.de", ""},
		"decomposed":                 {"user@mu\u0308nchen.de", "user@xn--mnchen-3ya.de", "user@xn--mnchen-3ya.de", ""},
		"in ASCII already":           {"user@xn--mnchen-3ya.de", "user@xn--mnchen-3ya.de", "user@xn--mnchen-3ya.de", ""},
		"another script":             {"user@例え.jp", "user@xn--r8jz45g.jp", "user@xn--r8jz45g.jp", ""},
		"a sharp s":                  {"user@straße.de", "user@xn--strae-oqa.de", "user@xn--strae-oqa.de", ""},
		"a full-width dot":           {"user@example。org", "user@example.org", "user@example.org", ""},
		"one label":                  {"root@localhost", "root@localhost", "root@localhost", ""},
		"as long as may be":          {long + "@example.org", long + "@example.org", long + "@example.org", ""},
		"nothing":                    {"", "", "", "must be an e-mail address"},
		"no @":                       {"ada", "", "", "must be an e-mail address"},
		"no domain":                  {"ada@", "", "", "must be an e-mail address"},
		"nobody":                     {"@example.org", "", "", "must be an e-mail address"},
		"two @":                      {"ada@home@example.org", "", "", "before the @"},
		"a name before it":           {"Ada <ada@example.org>", "", "", "no name"},
		"quotes":                     {`"ada"@example.org`, "", "", "no name"},
		"a comment":                  {"ada(home)@example.org", "", "", "no name"},
		"two of them":                {"ada@example.org,eve@example.org", "", "", "no name"},
		"a blank before it":          {" ada@example.org", "", "", "no name"},
		"a line break":               {"ada@example.org\r\nBcc: eve@example.org", "", "", "control characters"},
		"not UTF-8":                  {"ada\xff@example.org", "", "", "control characters"},
		"a dot at the end":           {"ada.@example.org", "", "", "single dots"},
		"two dots":                   {"a..da@example.org", "", "", "single dots"},
		"other letters before the @": {"jörg@example.org", "", "", "before the @"},
		"too long before the @":      {long + "a@example.org", "", "", "at most 64"},
		"too long":                   {long + "@" + strings.Repeat(strings.Repeat("b", 62)+".", 3) + "org", "", "", "at most 254"},
		"an address of numbers":      {"ada@192.0.2.1", "", "", "domain name"},
		"an address in brackets":     {"ada@[192.0.2.1]", "", "", "domain name"},
		"a dot behind the domain":    {"ada@example.org.", "", "", "domain name"},
		"two dots in the domain":     {"ada@example..org", "", "", "domain name"},
		"a hyphen at a label's end":  {"ada@example-.org", "", "", "domain name"},
		"an underscore":              {"ada@exa_mple.org", "", "", "domain name"},
		"a label too long":           {"ada@" + strings.Repeat("b", 64) + ".org", "", "", "domain name"},
		"a direction mark":           {"ada@exam\u202eple.org", "", "", "domain name"},
		"false punycode":             {"ada@xn--a.org", "", "", "domain name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := email.Parse(c.text)
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{c.text, c.envelope, c.key}, []string{got.String(), got.Envelope(), got.Key()})
		})
	}
}

// Whatever is taken is one address in ASCII that a mail server reads in one way, is taken again as it stands on an envelope, and
// is then the same address.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"ada@example.org", "user@münchen.de", "a@b", "a@xn--r8jz45g.jp", "A.b+c@EXAMPLE.org", "a@\u200d.org", "a@ß"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := email.Parse(text)
		if err != nil {
			return
		}
		envelope := address.Envelope()
		require.LessOrEqual(t, len(envelope), 254)
		require.Equal(t, 1, strings.Count(envelope, "@"))
		for _, r := range envelope {
			require.True(t, r > ' ' && r < 0x7f && !strings.ContainsRune("<>,;\"()[]\\", r), "%q", envelope)
		}
		again, err := email.Parse(envelope)
		require.NoError(t, err, "%q", envelope)
		require.Equal(t, address.Key(), again.Key())
		require.Equal(t, envelope, again.Envelope())
	})
}
