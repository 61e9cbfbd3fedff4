package outbound

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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

// secrets are those that a request carries, as they are and in base64. What a vendor says is shown, kept and logged, and a
// vendor may say what it was sent.
type secrets struct {
	forms []string
	// granting requests ask for tokens: the body that gives one may well hold what was sent, and is read, not shown.
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

// add knows a secret as it is, in whatever way its characters are escaped, and in base64.
func (s *secrets) add(secret string) {
	if len(secret) < minSecret {
		return
	}
	s.addForms(secret)
	s.addForms(base64Forms(secret)...)
	s.addForms(base64Forms("Bearer " + secret)...)
}

func (s *secrets) addForms(forms ...string) {
	for _, form := range forms {
		if !slices.Contains(s.forms, form) {
			s.forms = append(s.forms, form)
		}
	}
}

func base64Forms(text string) []string {
	return []string{
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "="),
		strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(text)), "="),
	}
}

// redact takes every secret out of a text, also one that is cut short after its telling part.
func (s secrets) redact(text []byte) []byte {
	for _, form := range s.forms {
		var out []byte
		kept := 0
		for at := begins(text, 0, form[0]); at < len(text); {
			length, found := repeats(text[at:], form)
			if found {
				out = append(append(out, text[kept:at]...), redacted...)
				kept = at + length
			}
			at = begins(text, at+max(length, 1), form[0])
		}
		if kept > 0 {
			text = append(out, text[kept:]...)
		}
	}
	return text
}

// begins is the first place, from one on, where a secret that begins with c may begin.
func begins(text []byte, from int, c byte) int {
	for from < len(text) && text[from] != c && text[from] != '\\' && text[from] != '%' && text[from] != '&' {
		from++
	}
	return from
}

// repeats reports whether a text begins with a secret, or with its telling part, and how long it is in the text. Where a
// character can be read as an escape or as it stands, so is the whole.
func repeats(text []byte, secret string) (length int, found bool) {
	for _, escapesFirst := range []bool{true, false} {
		if l, matched := match(text, secret, escapesFirst); matched >= min(len(secret), tellingPart) {
			length, found = max(length, l), true
		}
	}
	return length, found
}

func match(text []byte, secret string, escapesFirst bool) (length, matched int) {
	for matched < len(secret) && length < len(text) {
		asItStands := text[length] == secret[matched]
		if c, size := unescape(text[length:]); size > 0 && c == secret[matched] && (escapesFirst || !asItStands) {
			length += size
		} else if asItStands {
			length++
		} else {
			break
		}
		matched++
	}
	return length, matched
}

// entities are the ends of the characters that HTML gives names to.
var entities = map[string]byte{"amp;": '&', "lt;": '<', "gt;": '>', "quot;": '"', "apos;": '\''}

// maxBackslashes bounds how many stand before one character: it was escaped four times over. A text of nothing else would be
// read to its end from each of its places.
const maxBackslashes = 16

// unescape reads one character that is escaped for JSON, a URL or HTML, also more than once, and says how long that is in the
// text; 0 where none is.
func unescape(text []byte) (c byte, size int) {
	switch text[0] {
	case '\\':
		for size < len(text) && text[size] == '\\' {
			if size++; size > maxBackslashes {
				return 0, 0
			}
		}
		rest := text[size:]
		if len(rest) == 0 {
			return 0, 0
		}
		if rest[0] == 'u' && len(rest) > 4 {
			if n, err := strconv.ParseUint(string(rest[1:5]), 16, 8); err == nil {
				return byte(n), size + 5
			}
		}
		return rest[0], size + 1
	case '%':
		for rest := text[1:]; len(rest) > 1; rest = rest[2:] {
			n, err := strconv.ParseUint(string(rest[:2]), 16, 8)
			if err != nil {
				break
			}
			c, size = byte(n), len(text)-len(rest)+2
			if c != '%' { // which may be the beginning of another
				break
			}
		}
		return c, size
	case '&':
		end := bytes.IndexByte(text[:min(len(text), maxEntity)], ';') + 1
		if end == 0 {
			return 0, 0
		}
		name := string(text[1:end])
		if number, numbered := strings.CutPrefix(strings.TrimSuffix(name, ";"), "#"); numbered {
			base := 10
			if hex := strings.TrimLeft(number, "xX"); hex != number {
				number, base = hex, 16
			}
			n, err := strconv.ParseUint(number, base, 8)
			if err != nil {
				return 0, 0
			}
			return byte(n), end
		}
		if c, known := entities[name]; known {
			return c, end
		}
	}
	return 0, 0
}

// maxEntity bounds how far an entity of HTML reaches.
const maxEntity = 10

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
	if s.granting && resp.StatusCode == http.StatusOK && !refuses(body) {
		return body
	}
	return s.redact(body)
}

// refuses reports whether the answer to a request for a token gives none and says why (RFC 6749, 5.2), whatever its status. What
// can't be read is no token either.
func refuses(body []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), &members) != nil {
		return true
	}
	var token string
	if json.Unmarshal(members["access_token"], &token) == nil && token != "" {
		return false
	}
	_, says := members["error"]
	return says
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
