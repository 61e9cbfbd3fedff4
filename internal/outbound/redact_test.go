package outbound

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// However a secret's characters are escaped, each in its own way, it is taken out, and nothing else is.
func TestASecretIsTakenOutHoweverItIsEscaped(t *testing.T) {
	t.Parallel()
	escapes := []func(byte) string{
		func(c byte) string { return string(rune(c)) },
		func(c byte) string { return fmt.Sprintf(`\u%04x`, c) },
		func(c byte) string { return fmt.Sprintf(`\\u%04X`, c) },
		func(c byte) string { return fmt.Sprintf("%%%02X", c) },
		func(c byte) string { return fmt.Sprintf("%%25%02x", c) },
		func(c byte) string { return fmt.Sprintf("&#%d;", c) },
		func(c byte) string { return fmt.Sprintf("&#x%X;", c) },
	}
	rapid.Check(t, func(rt *rapid.T) {
		secret := rapid.StringMatching(`[A-Za-z0-9._~+/-]{6,60}={0,2}`).Draw(rt, "secret") // RFC 6750, 2.1
		plain := rapid.StringMatching(`[ a-z]{0,20}`)
		before, after := plain.Draw(rt, "before"), plain.Draw(rt, "after")
		var said strings.Builder
		for _, c := range []byte(secret) {
			said.WriteString(rapid.SampledFrom(escapes).Draw(rt, "escape")(c))
		}
		if strings.Contains(before+" ", secret) || strings.Contains(" "+after, secret) {
			rt.Skip("said by chance")
		}
		var s secrets
		s.add(secret)
		require.Equal(rt, before+" "+redacted+" "+after, string(s.redact([]byte(before+" "+said.String()+" "+after))))
	})
}

func TestWhatIsNoSecretStays(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.example", strings.NewReader(url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {"AQX-a-refresh-token"}, "client_id": {"the-app"}, "client_secret": {"short"},
	}.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s := secretsOf(req)
	text := `100% of \n & AQX-another-token; the-app is short of \u00`
	require.Equal(t, text, string(s.redact([]byte(text))))
	require.Equal(t, "["+redacted+"]", string(s.redact([]byte("[AQX-a-refresh]"))), "cut short")
	granted := `{"refresh_token":"AQX-a-refresh-token"}`
	require.Equal(
		t,
		granted,
		string(s.redactAnswer(&http.Response{StatusCode: 200}, []byte(granted))),
		"a token that is given may be the one that was sent",
	)
	require.NotContains(t, string(s.redactAnswer(&http.Response{StatusCode: 400}, []byte(granted))), "AQX")
}

// What a vendor says instead of giving a token is shown, whatever the status of its answer.
func TestARefusalWithTheStatusOfSuccessHoldsNoSecret(t *testing.T) {
	t.Parallel()
	s := secrets{granting: true}
	s.add("AQX-a-refresh-token")
	for body, kept := range map[string]bool{
		`{"access_token":"AQX-a-refresh-token"}`:                              true,
		`{"access_token":"AQX-a-refresh-token","error":"none"}`:               true,
		`{"error":"invalid_grant","error_description":"AQX-a-refresh-token"}`: false,
		`{"access_token":"","error":"AQX-a-refresh-token"}`:                   false,
		`{"access_token":null,"error":{"message":"AQX-a-refresh-token"}}`:     false,
		`{"access_token":1.5,"error":"AQX-a-refresh-token"}`:                  false,
		"\xef\xbb\xbf" + `{"error":"AQX-a-refresh-token"}`:                    false,
		"\xef\xbb\xbf" + `{"access_token":"AQX-a-refresh-token"}`:             true,
		`AQX-a-refresh-token`: false,
		`{"access_token":"another","access_token":"","error":"AQX-a-refresh-token"}`: false,
	} {
		clean := string(s.redactAnswer(&http.Response{StatusCode: 200}, []byte(body)))
		require.Equal(t, kept, strings.Contains(clean, "AQX"), body)
		require.Equal(t, !kept, strings.Contains(clean, redacted), body)
	}
}

// long are answers of 128 KiB that are as hard to look through as can be.
func long() map[string][]byte {
	answers := map[string][]byte{}
	for _, unit := range []string{"a word, ", `\`, "%25", "&", "A"} {
		answers["of "+unit] = []byte(strings.Repeat(unit, (128<<10)/len(unit)))
	}
	return answers
}

// An answer of nothing but backslashes was read to its end from each of its places, which took minutes.
func TestALongAnswerOfNothingButEscapesIsLookedThrough(t *testing.T) {
	t.Parallel()
	var s secrets
	s.add("AQX-an-access-token-of-a-member")
	for name, answer := range long() {
		require.True(t, bytes.Equal(answer, s.redact(answer)), name)
	}
}

func BenchmarkRedact(b *testing.B) {
	var s secrets
	s.add("AQX-an-access-token-of-a-member")
	for name, answer := range long() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(answer)))
			for b.Loop() {
				s.redact(answer)
			}
		})
	}
}
