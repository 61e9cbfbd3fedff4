package rpc

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/spelling"
)

// words are those of an answer, whichever protocol they came by.
func words(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if message := w.Result().Trailer.Get("Grpc-Message"); message != "" {
		return message
	}
	if message := w.Header().Get("Grpc-Message"); message != "" {
		return message
	}
	body := w.Body.String()
	if _, trailer, found := strings.Cut(body, "grpc-message: "); found { // gRPC-Web has it in the body
		return trailer
	}
	if start := strings.Index(body, "{"); start >= 0 && strings.HasPrefix(body, "\x02") {
		var end struct{ Error struct{ Message string } }
		require.NoError(t, json.Unmarshal([]byte(body[start:]), &end), body)
		return end.Error.Message
	}
	var answer struct{ Code, Message string }
	require.NoError(t, json.Unmarshal([]byte(body), &answer), "%q", body)
	require.NotEmpty(t, answer.Code)
	return answer.Message
}

func TestEveryWayToCallWronglyIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	const posts, js, framed = "/postwright.v1.PostService/", "application/json", "application/connect+json"
	for name, c := range map[string]struct {
		method, path, contentType, body string
		headers                         []string
		status                          int
		want                            string
	}{
		"no content type": {"POST", posts + "CreatePost", "", `{}`, nil, 415,
			"The request has no Content-Type: send the message as JSON with Content-Type: application/json."},
		"curl -d": {"POST", posts + "CreatePost", "application/x-www-form-urlencoded", `{}`, nil, 415,
			"curl -H 'Content-Type: application/json'"},
		"plain text": {"POST", posts + "CreatePost", "text/plain", `{}`, nil, 415, `"text/plain" is not taken`},
		"XML": {"POST", posts + "CreatePost", "application/xml", `{}`, nil, 415,
			`"application/xml" is not taken: send the message as JSON`},
		"Latin-1": {"POST", posts + "CreatePost", "application/json; charset=latin1", `{}`, nil, 415,
			"texts are in utf-8"},
		"a content type that is none": {"POST", posts + "CreatePost", "json", `{}`, nil, 415, `"json" is not taken`},
		"nonsense for a content type": {"POST", posts + "CreatePost", "application/json;;=", `{}`, nil, 415, "can't be read"},
		"a stream's frame for a plain call": {"POST", posts + "CreatePost", framed, `{}`, nil, 415,
			"The method is no stream: send the message without a frame"},
		"a codec that gRPC has elsewhere": {"POST", posts + "CreatePost", "application/grpc+thrift", `{}`, nil, 200,
			`"application/grpc+thrift" is not taken`},
		"a codec of a stream": {"POST", posts + "WatchPost", "application/connect+xml", `{}`, nil, 415,
			`is not taken: send the message in a frame`},
		"JSON to a stream": {"POST", posts + "WatchPost", js, `{"id":"x"}`, nil, 415,
			"The method is a stream: send the message in a frame, with Content-Type: application/connect+json"},
		"JSON without a frame": {"POST", posts + "WatchPost", framed, `{"id":"x"}`, nil, 200,
			"it looks like JSON that is in no frame: send the message in a frame"},
		"JSON without a frame over gRPC": {"POST", posts + "CreatePost", "application/grpc+json", `{"post":{}}`, nil, 200,
			"it looks like JSON that is in no frame: send the message without a frame, as JSON with Content-Type: application/json"},
		"a form with files": {"POST", posts + "CreatePost", "multipart/form-data; boundary=x", `--x--`, nil, 415,
			"is that of a form"},
		"a charset as MySQL has it": {"POST", posts + "CreatePost", "application/json; charset=utf8", `{}`, nil, 415,
			`names the charset "utf8", and texts are in utf-8`},
		"an unknown parameter": {"POST", posts + "CreatePost", "application/json; v=1", `{}`, nil, 415,
			"has parameters that are not known"},
		"a stream's JSON without a frame over gRPC": {"POST", posts + "WatchPost", "application/grpc+json", `{"id":"x"}`, nil, 200,
			"send the message in a frame"},
		"PUT of a read": {"PUT", posts + "GetPost", js, `{}`, nil, 405, "takes GET and POST, not PUT"},
		"an empty body over gRPC": {"POST", posts + "GetPost", "application/grpc", ``, nil, 200,
			"its body is empty: send the message without a frame, as JSON"},
		"JSON without a frame over gRPC-Web": {"POST", posts + "CreatePost", "application/grpc-web+json", `{"post":{}}`, nil, 200,
			"it looks like JSON that is in no frame"},
		"an empty stream":     {"POST", posts + "WatchPost", framed, ``, nil, 200, "its body is empty: send the message in a frame"},
		"half a frame's head": {"POST", posts + "WatchPost", framed, "\x00\x00", nil, 200, "it ends within the first five bytes of a frame"},
		"a frame that is cut off": {"POST", posts + "WatchPost", framed, "\x00\x00\x00\x00\x20{}", nil, 200,
			"it ends 30 bytes before the length that its frame says, which is 32"},
		"the lowest byte first": {"POST", posts + "WatchPost", framed, "\x00\x02\x00\x00\x00{}", nil, 200,
			"which is 33554432: that is the message's length in bytes, the highest first"},
		"more behind the frame": {"POST", posts + "WatchPost", framed, "\x00\x00\x00\x00\x02{}extra", nil, 200,
			"a frame begins with a byte that is none of a frame's"},
		"an end before the message": {"POST", posts + "WatchPost", framed, "\x02\x00\x00\x00\x02{}", nil, 200,
			"a frame begins with a byte that is none of a frame's"},
		"compressed with nobody says what": {"POST", posts + "WatchPost", framed, "\x01\x00\x00\x00\x02{}", nil, 200,
			"a frame is marked as compressed, and no header says how"},
		"a stream that is not compressed": {"POST", posts + "WatchPost", framed, "\x01\x00\x00\x00\x02{}", []string{"Connect-Content-Encoding", "gzip"},
			200, "it is said to be compressed with gzip, and is not, or is cut off"},
		"what is not compressed": {"POST", posts + "CreatePost", js, `{}`, []string{"Content-Encoding", "gzip"}, 400,
			"it is said to be compressed with gzip, and is not, or is cut off"},
		"another compression": {"POST", posts + "CreatePost", js, `{}`, []string{"Content-Encoding", "br"}, 415,
			`Content-Encoding is "br", which is not known: use gzip, or none.`},
		"another compression of a stream": {"POST", posts + "WatchPost", framed, `{}`, []string{"Connect-Content-Encoding", "zstd"}, 415,
			`Connect-Content-Encoding is "zstd"`},
		"another compression over gRPC": {"POST", posts + "CreatePost", "application/grpc", `{}`, []string{"Grpc-Encoding", "deflate"}, 200,
			`Grpc-Encoding is "deflate"`},
		"GET of what has an effect": {"GET", posts + "CreatePost", "", ``, nil, 405,
			"The method takes POST, not GET: send the message as the body, with Content-Type: application/json."},
		"PUT":    {"PUT", posts + "UpdatePost", js, `{}`, nil, 405, "takes POST, not PUT"},
		"DELETE": {"DELETE", posts + "DeletePost", "", ``, nil, 405, "takes POST, not DELETE"},
		"GET of a stream": {"GET", posts + "WatchPost?encoding=json&message=%7B%7D", "", ``, nil, 405,
			"takes POST, not GET: send the message in a frame"},
		"a browser's question": {"OPTIONS", posts + "CreatePost", "", ``, nil, 405, "--origins"},
		"a plain GET": {"GET", posts + "GetPost", "", ``, nil, 400,
			"The address has no message: add ?encoding=json&message= and the message in JSON, percent-encoded"},
		"GET with fields of its own": {"GET", posts + "GetPost?id=7", "", ``, nil, 400, "The address has no message"},
		"GET without a message":      {"GET", posts + "GetPost?encoding=json", "", ``, nil, 400, "The address has no parameter message"},
		"GET without an encoding": {"GET", posts + "GetPost?message=%7B%7D", "", ``, nil, 400,
			`The parameter encoding must be json or proto, not ""`},
		"GET in XML": {"GET", posts + "GetPost?encoding=xml&message=%7B%7D", "", ``, nil, 400, `not "xml"`},
		"GET of a later protocol": {"GET", posts + "GetPost?encoding=json&message=%7B%7D&connect=v2", "", ``, nil, 400,
			`The parameter connect must be v1, not "v2"`},
		"GET with base64 that is none": {"GET", posts + "GetPost?encoding=json&message=%7B%7D&base64=1", "", ``, nil, 400,
			"is not in base64 with - and _"},
		"GET compressed as nobody can": {"GET", posts + "GetPost?encoding=json&message=%7B%7D&compression=br", "", ``, nil, 415,
			`compression is "br"`},
		"GET with a body": {"GET", posts + "GetPost?encoding=json&message=%7B%7D", "", `{}`, nil, 400, "leave the body out"},
		"another version of the protocol": {"POST", posts + "CreatePost", js, `{}`, []string{"Connect-Protocol-Version", "2"}, 400,
			`Connect-Protocol-Version must be "1"`},
		"a timeout with a unit": {"POST", posts + "CreatePost", js, `{}`, []string{"Connect-Timeout-Ms", "5s"}, 400,
			`Connect-Timeout-Ms is "5s" and must be whole milliseconds`},
		"a timeout before the call": {"POST", posts + "CreatePost", js, `{}`, []string{"Connect-Timeout-Ms", "-5"}, 400,
			"must be whole milliseconds"},
		"a timeout of ages": {"POST", posts + "CreatePost", js, `{}`, []string{"Connect-Timeout-Ms", "99999999999"}, 400,
			"of at most ten digits"},
		"no time at all": {"POST", posts + "CreatePost", js, `{}`, []string{"Connect-Timeout-Ms", "00"}, 504, "Connect-Timeout-Ms is 0"},
		"no time at all over gRPC": {"POST", posts + "CreatePost", "application/grpc+json", "\x00\x00\x00\x00\x02{}",
			[]string{"Grpc-Timeout", "0n"}, 200, "Grpc-Timeout is 0"},
		"a proxy's method": {"CONNECT", "/example.org:443", "", ``, nil, 405, "CONNECT is for a proxy"},
		"gRPC's timeout without a unit": {"POST", posts + "CreatePost", "application/grpc+json", "\x00\x00\x00\x00\x02{}",
			[]string{"Grpc-Timeout", "5"}, 200, `Grpc-Timeout is "5" and must be at most eight digits and a unit`},
		"gRPC's timeout with another unit": {"POST", posts + "CreatePost", "application/grpc+json", "\x00\x00\x00\x00\x02{}",
			[]string{"Grpc-Timeout", "5 s"}, 200, `Grpc-Timeout is "5 s"`},
		"a misspelt method":      {"POST", posts + "CreatPost", js, `{}`, nil, 404, "did you mean /postwright.v1.PostService/CreatePost?"},
		"a method in lower case": {"POST", posts + "createpost", js, `{}`, nil, 404, "did you mean /postwright.v1.PostService/CreatePost?"},
		"a slash at the end":     {"POST", posts + "CreatePost/", js, `{}`, nil, 404, "did you mean /postwright.v1.PostService/CreatePost?"},
		"another service": {"POST", "/postwright.v1.AccountService/CreatePost", js, `{}`, nil, 404,
			"did you mean /postwright.v1.PostService/CreatePost?"},
		"no package": {"GET", "/PostService/GetPost", "", ``, nil, 404, "did you mean /postwright.v1.PostService/GetPost?"},
		"a method that there is not": {"POST", posts + "Frobnicate", js, `{}`, nil, 404,
			"reflection and specs/api list those of postwright.v1.PostService"},
		"no method": {"POST", posts, js, `{}`, nil, 404, "list those of postwright.v1.PostService"},
		"a misspelt method over gRPC": {"POST", posts + "CreatPost", "application/grpc", `{}`, nil, 200,
			"did you mean /postwright.v1.PostService/CreatePost?"},
		"as REST has it": {"POST", "/v1/posts", js, `{}`, nil, 404,
			"methods are at /postwright.v1.<Service>/<Method>, such as /postwright.v1.PostService/ListPosts"},
		"nothing":               {"GET", "/", "", ``, nil, 404, `There is nothing at "/"`},
		"health without a type": {"POST", "/grpc.health.v1.Health/Check", "", `{}`, nil, 415, "The request has no Content-Type"},
		"reflection in JSON": {"POST", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", js, `{}`, nil, 415,
			"call it with a client of gRPC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
			r.ProtoMajor, r.ProtoMinor = 2, 0
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			r.Header.Set("Authorization", "Bearer key")
			for i := 0; i < len(c.headers); i += 2 {
				r.Header.Set(c.headers[i], c.headers[i+1])
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Contains(t, words(t, w), c.want)
			if c.status == http.StatusMethodNotAllowed {
				require.Contains(t, w.Header().Get("Allow"), "POST")
			}
		})
	}
}

// No method, no verb and no content type gets an answer without words.
func TestNoAnswerIsWithoutWords(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	for _, m := range methods() {
		for _, verb := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			for _, contentType := range []string{"", "application/json", "text/plain", "application/connect+json", "application/grpc+json",
				"multipart/form-data"} {
				r := httptest.NewRequestWithContext(t.Context(), verb, procedure(m), strings.NewReader(`{"nonsense":1}`))
				r.ProtoMajor, r.ProtoMinor = 2, 0
				r.Header.Set("Content-Type", contentType)
				r.Header.Set("Authorization", "Bearer key")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				require.Greater(t, len(words(t, w)), 30, "%s %s %s", verb, m.Name(), contentType)
			}
		}
	}
}

func TestWhatAFieldMayHoldIsSaid(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	const states = "must be one of POST_STATE_DRAFT, POST_STATE_SCHEDULED, POST_STATE_QUEUED, POST_STATE_PUBLISHING, POST_STATE_PUBLISHED, " +
		"POST_STATE_FAILED, POST_STATE_UNCONFIRMED"
	for name, c := range map[string]struct{ method, body, want string }{
		"an enum's short form": {"ListPosts", `{"state":"draft"}`, `state is "draft": did you mean POST_STATE_DRAFT? It ` + states},
		"an enum misspelt": {"ListPosts", `{"states":["POST_STATE_DRAFT","POST_STATE_FALED"]}`,
			`states[1] is "POST_STATE_FALED": did you mean POST_STATE_FAILED?`},
		"an enum of nothing":        {"ListPosts", `{"state":""}`, "state " + states},
		"an enum that is an object": {"ListPosts", `{"state":{}}`, "state " + states},
		"an enum that is true":      {"ListPosts", `{"state":true}`, "state " + states},
		"a number that no enum has": {"ListPosts", `{"state":99}`, "state " + states},
		"such a number in a list":   {"ListPosts", `{"states":[99]}`, "states[0] " + states},
		"a word for a number":       {"ListPosts", `{"pageSize":"ten"}`, "pageSize must be a whole number"},
		"true for a number":         {"ListPosts", `{"pageSize":true}`, "pageSize must be a whole number"},
		"a text for a truth":        {"PublishPost", `{"resend":"true"}`, "resend must be true or false, without quotes"},
		"a number for a truth":      {"PublishPost", `{"resend":1}`, "resend must be true or false, without quotes"},
		"a time without an offset": {"SchedulePost", `{"scheduledTime":"2026-12-01T09:00:00"}`,
			"scheduledTime has no offset from UTC: write 2026-12-01T09:00:00Z if it is in UTC, or 2026-12-01T09:00:00+01:00 with the offset of its place"},
		"a time without seconds": {"SchedulePost", `{"scheduledTime":"2026-12-01 09:00"}`,
			"scheduledTime has no offset from UTC: write 2026-12-01T09:00:00Z"},
		"a date":             {"ListPosts", `{"fromTime":"2026-12-01"}`, "fromTime has no offset from UTC: write 2026-12-01T00:00:00Z"},
		"seconds since 1970": {"SchedulePost", `{"scheduledTime":1700000000}`, "scheduledTime must be a string, such as 2026-12-01T09:00:00Z"},
		"a time in words":    {"SchedulePost", `{"scheduledTime":"tomorrow"}`, "scheduledTime must be a time, such as 2026-12-01T09:00:00Z"},
		"a mask as a list": {"UpdatePost", `{"updateMask":["content"]}`,
			`updateMask must be a string of names as in JSON with commas between: "content,postType"`},
		"a mask as a message":        {"UpdatePost", `{"updateMask":{"paths":["content"]}}`, `updateMask must be a string of names as in JSON`},
		"a mask's names in snake":    {"UpdatePost", `{"updateMask":"post_type"}`, `names as in JSON with commas between`},
		"a mask's names with spaces": {"UpdatePost", `{"updateMask":"content, tone"}`, `names as in JSON with commas between`},
		"a field one level up":       {"CreatePost", `{"content":"Hello"}`, `unknown field "content": did you mean post.content?`},
		"a field misspelt":           {"SchedulePost", `{"sheduledTime":"x"}`, `unknown field "sheduledTime": did you mean "scheduledTime"?`},
		"a field of another API": {"PublishPost", `{"postIdentifier":"x"}`,
			`unknown field "postIdentifier": there are id, looked, requestId, resend.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, post("/postwright.v1.PostService/"+c.method, "application/json", []byte(c.body)))
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Contains(t, words(t, w), c.want)
		})
	}
}

// Of every enum that a request can hold, a wrong value is answered with the values that there are.
func TestEveryEnumNamesItsValues(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	seen := 0
	for _, m := range methods() {
		if m.IsStreamingServer() {
			continue
		}
		fields := m.Input().Fields()
		for i := range fields.Len() {
			if fields.Get(i).Enum() == nil {
				continue
			}
			seen++
			value := `"LOUD"`
			if fields.Get(i).IsList() {
				value = `["LOUD"]`
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, post(procedure(m), "application/json", []byte(`{"`+fields.Get(i).JSONName()+`":`+value+`}`)))
			require.Contains(t, words(t, w), string(fields.Get(i).Enum().Values().Get(1).Name()), fields.Get(i).FullName())
		}
	}
	require.Greater(t, seen, 2)
}

// Calls that never get to a method are counted: those of what there is not under one name, however many names strangers think up.
func TestCallsThatAreWrongFromTheStartAreCounted(t *testing.T) {
	t.Parallel()
	counted := map[string]int{}
	handler := refuseWrongCalls(map[string]method{"/x.Y/Do": {}}, NewDelay(t.Context(), 1_000),
		func(procedure, code string, _ time.Duration) { counted[procedure+" "+code]++ }, http.NotFoundHandler())
	for _, path := range []string{"/x.Y/Do", "/a", "/b", "/x.Y/Da"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(`{}`))
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	require.Equal(t, map[string]int{"/x.Y/Do invalid_argument": 1, "none unimplemented": 3}, counted)
}

// A path may be as long as a request's headers: what is far longer than a name is compared with none.
func TestANameFarTooLongIsComparedWithNone(t *testing.T) {
	t.Parallel()
	const create = "/postwright.v1.PostService/CreatePost"
	names := []string{create, "/postwright.v1.PostService/GetPost"}
	for name, c := range map[string]struct {
		path  string
		meant bool
	}{
		"a name with signs between":             {"/v1/" + strings.Repeat("x/", 50) + "create-post", true},
		"the same with 60,000 signs between":    {"/v1/create" + strings.Repeat("-", 60_000) + "post", false},
		"a byte more than is compared":          {"/v1/create" + strings.Repeat("-", spelling.Longest-9) + "post", false},
		"as much as is compared":                {"/v1/create" + strings.Repeat("-", spelling.Longest-10) + "post", true},
		"a service's name of 60,000 characters": {"/" + strings.Repeat("x", 60_000) + "/CreatePost", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := unknownPath(c.path, names)
			require.Equal(t, c.meant, strings.Contains(refused.words, "did you mean "+create+"?"), refused.words)
			require.Less(t, len(refused.words), 1_000)
		})
	}
}
