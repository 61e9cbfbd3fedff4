package answertest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

// echo is a vendor that repeats what it was sent, wherever a vendor's words are kept, and remembers what of it is secret.
type echo struct {
	status int
	body   func(said string) string
	say    func(secret string) string // how it repeats one

	mu      sync.Mutex
	secrets []string
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	secrets := []string{strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}
	if form, err := url.ParseQuery(string(raw)); err == nil {
		for _, name := range []string{"client_secret", "code", "refresh_token", "token"} {
			secrets = append(secrets, form.Get(name))
		}
	}
	said := "you sent " + string(raw)
	e.mu.Lock()
	for _, secret := range secrets {
		if secret != "" {
			e.secrets = append(e.secrets, secret)
			said += " " + e.say(secret)
		}
	}
	e.mu.Unlock()
	for _, name := range []string{"x-li-request-id", "x-li-uuid", "x-restli-id"} {
		w.Header().Set(name, strings.ReplaceAll(said, "\n", " "))
	}
	if e.status == 0 { // an answer that is no HTTP
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = fmt.Fprintf(conn, "%s\r\n\r\n", strings.ReplaceAll(said, " ", "_")) // net/http repeats its first word
			_ = conn.Close()
		}
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_, _ = io.WriteString(w, e.body(said))
}

// cutShort is how much of a secret a vendor may show of it, if it is as long as one should be.
func cutShort(secret string) string {
	if len(secret) > 20 {
		return secret[:len(secret)-4]
	}
	return secret
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string always can be
	return string(b)
}

// runEcho gives every operation answers that repeat what was sent: nothing that is shown or logged holds a secret.
func runEcho(t *testing.T, vendor string, op Operation) {
	bodies := map[string]func(string) string{
		"at the top": func(said string) string {
			return fmt.Sprintf(`{"code":%[1]s,"message":%[1]s,"error":%[1]s,"error_description":%[1]s}`, quoted(said))
		},
		"within":     func(said string) string { return fmt.Sprintf(`{"error":{"code":%[1]s,"message":%[1]s}}`, quoted(said)) },
		"as a text":  func(said string) string { return said },
		"broken off": func(said string) string { return `{"message":` + quoted(said)[:len(quoted(said))-3] },
	}
	ways := map[string]func(string) string{
		"as it is":        func(s string) string { return s },
		"with its scheme": func(s string) string { return "Bearer " + s },
		"in JSON":         func(s string) string { return strings.ReplaceAll(quoted(s), "/", `\/`) },
		"in a URL":        url.QueryEscape,
		"in a URL, small": func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
		"in base64":       func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"cut short":       cutShort,
	}
	for where, body := range bodies {
		for how, say := range ways {
			for _, status := range []int{0, op.Success, 299, 400, 401, 403, 422, 429, 500} {
				t.Run(fmt.Sprintf("the request is repeated %s, %s, with %d", where, how, status), func(t *testing.T) {
					t.Parallel()
					var log bytes.Buffer
					policies := outbound.DefaultPolicies()
					policies.Default.MaxBodyBytes = maxBodyBytes
					seam := outbound.New(outbound.Defaults(), policies, outbound.Unobserved{}, slog.New(slog.NewJSONHandler(&log, nil)))
					t.Cleanup(seam.Close)
					vendorSays := &echo{status: status, body: body, say: say}
					server := httptest.NewServer(vendorSays)
					t.Cleanup(server.Close)

					err := op.Call(t.Context(), server.URL, seam.Client(vendor))

					seen := log.String()
					if err != nil {
						seen += "\n" + err.Error()
						var f *fault.Error
						require.ErrorAs(t, err, &f)
						seen += "\n" + f.Message + "\n" + f.Reason
						if f.Answer != nil {
							seen += "\n" + f.Answer.Code + "\n" + f.Answer.Message + "\n" + f.Answer.TraceID
						}
					}
					require.NotEmpty(t, vendorSays.secrets, "the test is about secrets")
					for _, secret := range vendorSays.secrets {
						for _, form := range []string{cutShort(secret), say(secret), strings.Trim(quoted(secret), `"`), url.QueryEscape(secret)} {
							require.NotContains(t, seen, form)
						}
					}
				})
			}
		}
	}
}
