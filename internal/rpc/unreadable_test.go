package rpc

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatCanNotBeReadSaysWhereAndWhy(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	for name, c := range map[string]struct{ body, want string }{
		"nothing": {``, `The request's body is empty: send a JSON object, {} at least.`},
		"the first half of a pair": {`{"post":{"content":"\ud800"}}`,
			`The request can't be read: (line 1:21): \ud800 is half of a character: send both halves, or the character itself.`},
		"the first half in a longer text": {`{"post":{"content":"é \ud83d and so on"}}`,
			`The request can't be read: (line 1:23): \ud83d is half of a character: send both halves, or the character itself.`},
		"the second half": {"{\n \"post\":{\"content\":\"\\udc00\"}}",
			`The request can't be read: (line 2:21): \udc00 is half of a character: send both halves, or the character itself.`},
		"the wrong second half": {`{"post":{"content":"\ud83d\ud83d"}}`,
			`The request can't be read: (line 1:21): \ud83d is half of a character: send both halves, or the character itself.`},
		"an escaped backslash before u": {`{"post":{"content":"\\ud800"},"x":1}`,
			`The request can't be read: (line 1:31): unknown field "x": there are post, requestId.`},
		"an end in a text":     {`{"post":{"content":"Hel`, `The request can't be read: it ends in the middle, after 23 bytes.`},
		"an end after a field": {`{"post":{"content":"Hello"}`, `The request can't be read: it ends in the middle, after 27 bytes.`},
		"an end in an escape":  {`{"post":{"content":"\u00`, `The request can't be read: it ends in the middle, after 24 bytes.`},
		"more behind it": {`{"post":{"content":"Hello"}} {}`,
			`The request can't be read: (line 1:29): more follows the JSON object: send one only.`},
		"one brace too many": {`{"post":{"content":"Hello"}}}`,
			`The request can't be read: (line 1:29): more follows the JSON object: send one only.`},
		"a byte order mark": {"\ufeff{}", `The request can't be read: it begins with a byte order mark: leave that out.`},
		"Latin-1": {"{\"post\":{\"content\":\"Gr\xfc\xdfe\"}}",
			`The request can't be read: (line 1:23): the text is not UTF-8: encode it as UTF-8.`},
		"a list": {`[]`, `The request can't be read: it must be a JSON object: {…}.`},
		"a text": {`"post"`, `The request can't be read: it must be a JSON object: {…}.`},
		"null":   {`null`, `The request can't be read: it must be a JSON object: {…}.`},
		"a missing quote": {`{post:{}}`, `The request can't be read: (line 1:2): it is not JSON: invalid character 'p' looking for beginning ` +
			`of object key string.`},
		"a trailing comma": {`{"post":{"content":"Hello",}}`,
			`The request can't be read: (line 1:28): it is not JSON: invalid character '}' looking for beginning of object key string.`},
		"a line break in a text": {"{\"post\":{\"content\":\"a\nb\"}}",
			`The request can't be read: (line 1:22): it is not JSON: invalid character '\n' in string literal.`},
		"an unknown escape": {`{"post":{"content":"\x"}}`, `The request can't be read: (line 1:22): it is not JSON: invalid character 'x' in ` +
			`string escape code.`},
		"an unknown field": {`{"post":{"contend":"Hello"}}`,
			`The request can't be read: (line 1:10): unknown field "contend": did you mean "content"?`},
		"a field twice": {`{"post":{},"post":{}}`, `The request is not valid: post is there more than once: give it once.`},
		"an unknown value": {`{"post":{"tone":"LOUD"}}`, `The request is not valid: post.tone is "LOUD": must be one of TONE_PROFESSIONAL, ` +
			`TONE_CONVERSATIONAL, TONE_INSPIRATIONAL, TONE_HUMOROUS, TONE_AUTHORITATIVE.`},
		"a time that is none": {`{"post":{"createTime":"yesterday"}}`, `The request is not valid: post.createTime must be a time, such as ` +
			`2026-12-01T09:00:00Z, or 2026-12-01T09:00:00+01:00 with an offset from UTC.`},
		"deeper than any request": {`{"post":{"content":` + strings.Repeat("[", 20_000), `The request is not valid: post.content must be a string.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, message := refusal(t, handler, c.body)
			require.Equal(t, "invalid_argument", code)
			require.Equal(t, c.want, message)
		})
	}
}

func TestWhatIsSaidOfAMessageDoesNotGrowWithIt(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	long := strings.Repeat("x", 30_000)
	for _, body := range []string{
		`{"` + long + `":1}`, `{"post":{"tone":"` + long + `"}}`, `{"post":{"createTime":"` + long + `"}}`, `{"post":{"accountId":` + long + `}}`,
		`{"post":{"tone":1` + strings.Repeat("0", 30_000) + `}}`,
	} {
		code, message := refusal(t, handler, body)
		require.Equal(t, "invalid_argument", code)
		require.Less(t, len(message), 400, message)
	}
}

// refusal asks for a post.
func refusal(t *testing.T, handler http.Handler, body string) (code, message string) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, post("/postwright.v1.PostService/CreatePost", "application/json", []byte(body)))
	var answer struct{ Code, Message string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body)
	return answer.Code, answer.Message
}
