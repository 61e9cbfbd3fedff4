package rpc

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// valuesOfAnyForm are of each form that JSON has, and of each that a field may have, right and wrong.
var valuesOfAnyForm = []string{
	`null`,
	`true`,
	`"true"`,
	`0`,
	`-1`,
	`1.5`,
	`1e0`,
	`1e99`,
	`1e9999999999`,
	`0.000e1`,
	`99999999999`,
	`"1"`,
	`"1.5"`,
	`"1 "`,
	`"1e999"`,
	`""`,
	`" "`,
	`"x"`,
	`"*"`,
	`"content,"`,
	`"content,,tone"`,
	`"Content"`,
	`"post..content"`,
	`"content.*"`,
	`"a-b"`,
	`"é"`,
	`"\u002a"`,
	`"PT1H"`,
	`"1s"`,
	`"AAA="`,
	`{}`,
	`{"a":1}`,
	`{"value":1}`,
	`{"seconds":1}`,
	`[]`,
	`[null]`,
	`[1.5]`,
	`["x"]`,
	`["*"]`,
	`[[]]`,
	`[{}]`,
	`[{"a":1}]`,
	`"2026-02-30T00:00:00Z"`,
	`"0000-01-01T00:00:00Z"`,
	`"9999-12-31T23:59:59-12:00"`,
	`"2026-12-01T09:00:00.1234567891Z"`,
	`"2026-12-01T09:00:00,5Z"`,
	`"2026-12-01T24:00:00Z"`,
	`"2026-12-01t09:00:00z"`,
}

// Of every field that a request has, of whatever kind, every wrong value is refused under the field's name, and none in the
// codec's words. A field of a new kind comes into it by itself.
func TestEveryKindOfFieldIsRefusedInWordsOfTheAPI(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	kinds := map[protoreflect.Kind]int{}
	for _, m := range methods() {
		if m.IsStreamingServer() {
			continue
		}
		for _, f := range fieldsIn(m.Input(), "", func(value string) string { return "{" + value + "}" }) {
			kinds[f.kind]++
			for _, value := range valuesOfAnyForm {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, post(procedure(m), "application/json", []byte(f.body(value))))
				if w.Code != 400 {
					continue // it was right, and there is no database behind these handlers
				}
				said := words(t, w)
				require.NotContains(t, said, "google.protobuf", "%s %s", m.Name(), f.body(value))
				if strings.Contains(said, "can't be read") {
					require.Contains(t, said, "unknown field", "%s %s", m.Name(), f.body(value))
				}
			}
		}
	}
	for _, kind := range []protoreflect.Kind{protoreflect.StringKind, protoreflect.BoolKind, protoreflect.Int32Kind, protoreflect.EnumKind,
		protoreflect.MessageKind} {
		require.NotZero(t, kinds[kind], kind)
	}
}

// fieldIn is a field of a request, and the request with a value there.
type fieldIn struct {
	kind protoreflect.Kind
	body func(value string) string
}

func fieldsIn(message protoreflect.MessageDescriptor, above string, around func(string) string) (all []fieldIn) {
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		body := func(value string) string { return around(`"` + field.JSONName() + `":` + value) }
		all = append(all, fieldIn{field.Kind(), body})
		if m := field.Message(); m != nil && !strings.HasPrefix(string(m.FullName()), "google.protobuf.") {
			within := func(value string) string { return body("{" + value + "}") }
			if field.IsList() {
				within = func(value string) string { return body("[{" + value + "}]") }
			}
			all = append(all, fieldsIn(m, above+field.JSONName()+".", within)...)
		}
	}
	return all
}

func TestAValueThatAFieldCanNotHoldIsSaidUnderTheFieldsName(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	const mask = `it must be a string of names as in JSON with commas between: "content,postType"`
	const year = "must be a time from the year 1 to 9999 with at most nine digits behind the second"
	for name, c := range map[string]struct{ method, body, want string }{
		"a star for a mask": {"UpdatePost", `{"updateMask":"*"}`,
			`updateMask holds "*", which stands for no field: name each that is meant; ` + mask},
		"a star among names": {"UpdatePost", `{"updateMask":"content,*"}`, `updateMask holds "*", which stands for no field`},
		"a comma too many": {"UpdatePost", `{"updateMask":"content,"}`,
			`updateMask holds a comma without a name before or behind it: ` + mask},
		"a name with a capital first": {"UpdatePost", `{"updateMask":"Content"}`,
			`updateMask holds "Content", which is not written as a field's name is: ` + mask},
		"a name with a hyphen": {"UpdatePost", `{"updateMask":"post-type"}`,
			`updateMask holds "post-type", which is not written as a field's name is`},
		"a fraction":                    {"ListPosts", `{"pageSize":1.5}`, "pageSize must be a whole number from 0 to 100"},
		"a fraction in quotes":          {"ListPosts", `{"pageSize":"1.5"}`, "pageSize must be a whole number from 0 to 100"},
		"a number with a blank behind":  {"ListPosts", `{"pageSize":"10 "}`, "pageSize must be a whole number from 0 to 100"},
		"a number with a unit":          {"ListPosts", `{"pageSize":"10MB"}`, "pageSize must be a whole number from 0 to 100"},
		"a number beyond 32 bits":       {"ListPosts", `{"pageSize":99999999999}`, "pageSize must be a whole number from 0 to 100"},
		"a fraction for an enum":        {"ListPosts", `{"state":1.5}`, "state must be one of POST_STATE_DRAFT"},
		"an enum beyond 32 bits":        {"ListPosts", `{"states":[99999999999]}`, "states[0] must be one of POST_STATE_DRAFT"},
		"a time before the year 1":      {"ListPosts", `{"fromTime":"0000-01-01T00:00:00Z"}`, "fromTime " + year},
		"a time after 9999 in UTC":      {"ListPosts", `{"fromTime":"9999-12-31T23:59:59-12:00"}`, "fromTime " + year},
		"ten digits behind the second":  {"SchedulePost", `{"scheduledTime":"2026-12-01T09:00:00.1234567891Z"}`, "scheduledTime " + year},
		"both of two alternatives":      {"ValidatePost", `{"id":"x","post":{}}`, "post is one of id, post: give one of them only"},
		"a blank for a body":            {"PublishPost", ` `, "The request's body is empty: send a JSON object, {} at least."},
		"an unknown field behind a fit": {"ListPosts", `{"pageSize":1,"page_sise":2}`, `unknown field "page_sise": did you mean "pageSize"?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, post("/postwright.v1.PostService/"+c.method, "application/json", []byte(c.body)))
			require.Equal(t, 400, w.Code, w.Body)
			require.Contains(t, words(t, w), c.want)
		})
	}
}

func TestBytesThatAreNoMessageAreToldFromTextsThatAreNoText(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	const publish, create = "/postwright.v1.PostService/PublishPost", "/postwright.v1.PostService/CreatePost"
	for name, c := range map[string]struct{ procedure, body, want string }{
		"garbage": {publish, "\xff\xff\xff", "its 3 bytes are no message in protobuf's binary form, or are cut off: send the " +
			"postwright.v1.PublishPostRequest of specs/api"},
		"a text":               {publish, "hello", "its 5 bytes are no message"},
		"JSON":                 {publish, `{"id":"x"}`, "it is JSON, and its Content-Type says protobuf: send the postwright.v1.PublishPostRequest"},
		"an end in the middle": {publish, "\x0a\x10ab", "its 4 bytes are no message"},
		"a field's number 0":   {publish, "\x00\x01", "its 2 bytes are no message"},
		"no UTF-8":             {publish, "\x0a\x02\xff\xfe", "The request is not valid: id must be text in UTF-8."},
		"no UTF-8 within":      {create, "\x0a\x05\x22\x03a\xff\xfe", "The request is not valid: post.content must be text in UTF-8."},
	} {
		for wire, r := range map[string]struct {
			contentType string
			body        []byte
		}{"connect": {"application/proto", []byte(c.body)}, "gRPC": {"application/grpc", enveloped(0, []byte(c.body))},
			"gRPC-Web": {"application/grpc-web+proto", enveloped(0, []byte(c.body))}} {
			t.Run(name+", "+wire, func(t *testing.T) {
				t.Parallel()
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, post(c.procedure, r.contentType, r.body))
				require.Contains(t, words(t, w), c.want)
			})
		}
	}
}

// Connect calls that unimplemented, which clients take for a method that is not there.
func TestASecondMessageToAMethodThatTakesOneIsRefusedInWords(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	two := append(enveloped(0, []byte(`{"id":"1"}`)), enveloped(0, []byte(`{"id":"2"}`))...)
	for method, contentTypes := range map[string][]string{
		"WatchPost":   {"application/connect+json", "application/grpc+json", "application/grpc-web+json"},
		"PublishPost": {"application/grpc+json", "application/grpc-web+json"},
	} {
		for _, contentType := range contentTypes {
			t.Run(method+" "+contentType, func(t *testing.T) {
				t.Parallel()
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, post("/postwright.v1.PostService/"+method, contentType, two))
				require.Contains(t, words(t, w), "it holds a second message, and the method takes one: send one frame, and call again for the next")
			})
		}
	}
}
