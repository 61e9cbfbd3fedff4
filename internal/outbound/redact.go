package outbound

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// redacted stands in the place of a secret.
const redacted = "[redacted]"

const (
	// minSecret is the length below which a value is no secret worth the name: to take it out would spoil what is said.
	minSecret = 6
	// tellingPart is how much of the beginning of a secret is taken out too: a vendor may repeat one cut short.
	tellingPart = 12
	// maxFormBytes bounds the form that is looked through for secrets: the longest has two tokens.
	maxFormBytes = 64 << 10
)

// secretFields are the members of a form (RFC 6749, RFC 7662) that prove something.
var secretFields = []string{"client_secret", "code", "refresh_token", "token"}

// secrets are those that a request carries, each in every form in which a vendor may repeat it. What a vendor says is shown,
// kept and logged, and a vendor may say what it was sent.
type secrets struct {
	forms [][]byte
	// granting requests ask for tokens: the body of a success may well hold what was sent, and is read, not shown.
	granting bool
}

// secretsOf reads a request's own body, which it has to be able to give again.
func secretsOf(req *http.Request) secrets {
	var s secrets
	if proof := req.Header.Get("Authorization"); proof != "" {
		_, token, found := strings.Cut(proof, " ")
		if !found {
			token = proof
		}
		s.add(token)
	}
	form := formOf(req)
	for _, field := range secretFields {
		s.add(form.Get(field))
	}
	if secret := form.Get("client_secret"); secret != "" {
		s.addForms(base64Forms(form.Get("client_id") + ":" + secret)...)
	}
	s.granting = form.Get("grant_type") != ""
	return s
}

func formOf(req *http.Request) url.Values {
	mediaType, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if mediaType != "application/x-www-form-urlencoded" || req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	defer func() { _ = body.Close() }() // it was in memory
	text, err := io.ReadAll(io.LimitReader(body, maxFormBytes))
	if err != nil {
		return nil
	}
	form, _ := url.ParseQuery(string(text)) // what can be read of it
	return form
}

// add knows a secret as it is, and as it looks in JSON, in a URL, in HTML and in base64.
func (s *secrets) add(secret string) {
	if len(secret) < minSecret {
		return
	}
	quoted, _ := json.Marshal(secret) // a string always can be
	inJSON := strings.Trim(string(quoted), `"`)
	s.addForms(secret, inJSON, strings.ReplaceAll(inJSON, "/", `\/`), html.EscapeString(secret))
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret)} {
		s.addForms(escaped, lowerHex(escaped))
	}
	s.addForms(base64Forms(secret)...)
	s.addForms(base64Forms("Bearer " + secret)...)
}

func (s *secrets) addForms(forms ...string) {
	for _, form := range forms {
		if !slices.ContainsFunc(s.forms, func(known []byte) bool { return string(known) == form }) {
			s.forms = append(s.forms, []byte(form))
		}
	}
}

func base64Forms(text string) []string {
	return []string{
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "="),
		strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(text)), "="),
	}
}

// lowerHex writes %2F as %2f.
func lowerHex(escaped string) string {
	b := []byte(escaped)
	for i := range b {
		if b[i] == '%' && i+2 < len(b) {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// redact takes every secret out of a text, also one that is cut short after its telling part.
func (s secrets) redact(text []byte) []byte {
	for _, form := range s.forms {
		text = redactOne(text, form)
	}
	return text
}

func redactOne(text, form []byte) []byte {
	telling := form[:min(len(form), tellingPart)]
	at := bytes.Index(text, telling)
	if at < 0 {
		return text
	}
	var out []byte
	for ; at >= 0; at = bytes.Index(text, telling) {
		end := len(telling)
		for end < len(form) && at+end < len(text) && text[at+end] == form[end] {
			end++
		}
		out = append(append(out, text[:at]...), redacted...)
		text = text[at+end:]
	}
	return append(out, text...)
}

// redactAnswer takes the request's secrets out of an answer's header, and returns its body without them.
func (s secrets) redactAnswer(resp *http.Response, body []byte) []byte {
	if len(s.forms) == 0 {
		return body
	}
	for _, values := range resp.Header {
		for i, value := range values {
			values[i] = string(s.redact([]byte(value)))
		}
	}
	if s.granting && resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return body
	}
	return s.redact(body)
}

// redactError returns an error that reads without the request's secrets: that of an answer that is no HTTP repeats its words.
func (s secrets) redactError(err error) error {
	if err == nil || len(s.forms) == 0 {
		return err
	}
	text := err.Error()
	if clean := string(s.redact([]byte(text))); clean != text {
		return redactedError{err, clean}
	}
	return err
}

type redactedError struct {
	error
	text string
}

func (e redactedError) Error() string { return e.text }
func (e redactedError) Unwrap() error { return e.error }
