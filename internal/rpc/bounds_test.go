package rpc

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/fault"
)

// A field without a limit would be one that a request can fill without end.
func TestEveryFieldOfARequestHasALimit(t *testing.T) {
	t.Parallel()
	looked := 0
	var look func(message protoreflect.MessageDescriptor, above string)
	look = func(message protoreflect.MessageDescriptor, above string) {
		require.NotContains(t, strings.Split(above, ">"), string(message.FullName()), "it contains itself, and nothing limits how deep")
		for i := range message.Fields().Len() {
			f := message.Fields().Get(i)
			at := above + ">" + string(f.FullName())
			looked++
			require.False(t, f.IsMap(), "%s: scans don't count the entries of maps", at)
			require.NotEqual(t, protoreflect.BytesKind, f.Kind(), "%s: scans don't measure bytes", at)
			rules, err := protovalidate.ResolveFieldRules(f)
			require.NoError(t, err, at)
			if f.IsList() {
				require.True(t, rules.GetRepeated().HasMaxItems(), "%s: say max_items", at)
			}
			b := boundOf(f)
			if f.Kind() == protoreflect.StringKind {
				require.Positive(t, b.chars, "%s: say max_len", at)
			}
			if b.message != nil && b.json == asObject {
				look(f.Message(), above+">"+string(message.FullName()))
			}
		}
	}
	for _, m := range methods() {
		look(m.Input(), string(m.Name()))
	}
	require.Greater(t, looked, 60)
}

var update = (&postwrightv1.UpdatePostRequest{}).ProtoReflect().Descriptor()

func TestAListIsCountedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	many := func(n int, element string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
	}
	for name, c := range map[string]struct {
		body string
		want map[string]string
	}{
		"as many as may be": {`{"post":{"hashtags":` + many(30, `""`) + `}}`, nil},
		"one more":          {`{"post":{"hashtags":` + many(31, `""`) + `}}`, map[string]string{"post.hashtags": "must be at most 30 and are 31"}},
		"a million": {`{"post":{"hashtags":` + many(1_000_000, `""`) + `}}`,
			map[string]string{"post.hashtags": "must be at most 30 and are 1000000"}},
		"under its proto name": {`{"update_mask":"a` + strings.Repeat(",a", 100) + `"}`,
			map[string]string{"updateMask": "must name at most 100 fields and names 101"}},
		"under an escaped name": {`{"post":{"\u0068ashtags":` + many(31, `""`) + `}}`,
			map[string]string{"post.hashtags": "must be at most 30 and are 31"}},
		"of anything": {`{"post":{"hashtags":` + many(31, `{"a":["]",1]}`) + `}}`,
			map[string]string{"post.hashtags": "must be at most 30 and are 31"}},
		"a text of any length": {`{"post":{"content":"` + strings.Repeat("x", 120_000) + `"}}`, nil},
		"a text that is too long": {`{"post":{"content":"` + strings.Repeat("x", 120_001) + `"}}`,
			map[string]string{"post.content": "must be at most 10000 characters and is more than 120000 bytes"}},
		"quotes and backslashes": {`{"post":{"content":"\"\\","hashtags":` + many(31, `"\\"`) + `}}`,
			map[string]string{"post.hashtags": "must be at most 30 and are 31"}},
		"null":                   {`{"post":{"hashtags":null,"content":null},"updateMask":null}`, nil},
		"an object for a list":   {`{"post":{"hashtags":{}}}`, map[string]string{"post.hashtags": "must be a list"}},
		"a number for an object": {`{"post":5}`, map[string]string{"post": "must be an object"}},
		"a number for a text":    {`{"post":{"content":5}}`, map[string]string{"post.content": "must be a string"}},
		"null in a list":         {`{"post":{"hashtags":["a",null]}}`, map[string]string{"post.hashtags[1]": "must be a string"}},
		"an object for a time": {`{"post":{"createTime":{}}}`,
			map[string]string{"post.createTime": "must be a string, such as 2026-12-01T09:00:00Z, or 2026-12-01T09:00:00+01:00 with an offset from UTC"}},
		"everything at once": {`{"post":{"content":[],"hashtags":` + many(31, `""`) + `},"etag":1}`,
			map[string]string{"post.content": "must be a string", "post.hashtags": "must be at most 30 and are 31", "etag": "must be a string"}},
		"what ends in the middle": {`{"post":{"hashtags":["a"`, nil},
		"many without an end": {`{"post":{"hashtags":["",` + strings.Repeat(`"",`, 30),
			map[string]string{"post.hashtags": "must be at most 30 and are 31"}},
		"what has no such a field": {`{"flavour":` + many(31, `""`) + `}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, problems(scannedJSON([]byte(c.body), boundsOf(update))))
		})
	}
}

func TestAListIsCountedBeforeItIsReadInBinaryToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message *postwrightv1.UpdatePostRequest
		want    map[string]string
	}{
		"as many as may be": {&postwrightv1.UpdatePostRequest{Post: &postwrightv1.Post{Hashtags: make([]string, 30),
			Content: strings.Repeat("x", 40_000)}}, nil},
		"one more": {&postwrightv1.UpdatePostRequest{Post: &postwrightv1.Post{Hashtags: make([]string, 31)}},
			map[string]string{"post.hashtags": "must be at most 30 and are 31"}},
		"a long mask": {&postwrightv1.UpdatePostRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: make([]string, 101)}},
			map[string]string{"updateMask.paths": "must be at most 100 and are 101"}},
		"a text that is too long": {&postwrightv1.UpdatePostRequest{Post: &postwrightv1.Post{Content: strings.Repeat("x", 40_001)}},
			map[string]string{"post.content": "must be at most 10000 characters and is more than 40000 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := proto.Marshal(c.message)
			require.NoError(t, err)
			require.Equal(t, c.want, problems(scanBinary(body, boundsOf(update))))
		})
	}
	once, err := proto.Marshal(&postwrightv1.UpdatePostRequest{Etag: "1"})
	require.NoError(t, err)
	require.Nil(t, problems(scanBinary(bytes.Repeat(once, 100), boundsOf(update))), "the last one counts")
	split, err := proto.Marshal(&postwrightv1.UpdatePostRequest{Post: &postwrightv1.Post{Hashtags: make([]string, 30)}})
	require.NoError(t, err)
	require.Equal(
		t,
		map[string]string{"post": "is there 2 times: give it once"},
		problems(scanBinary(bytes.Repeat(split, 2), boundsOf(update))),
		"they would be one post with 60 hashtags",
	)
	require.Equal(t, map[string]string{"etag": "is there 101 times: give it once"}, problems(scanBinary(bytes.Repeat(once, 101), boundsOf(update))))
}

// As the codec has it, which would come to it only after all values before.
func TestAFieldIsThereOnceInAnObject(t *testing.T) {
	t.Parallel()
	const twice = "is there more than once: give it once"
	batch := (&postwrightv1.BatchCreatePostsRequest{}).ProtoReflect().Descriptor()
	for name, c := range map[string]struct {
		message protoreflect.MessageDescriptor
		body    string
		want    map[string]string
	}{
		"a text":                    {update, `{"etag":"1","etag":"2"}`, map[string]string{"etag": twice}},
		"the same text":             {update, `{"etag":"1","etag":"1"}`, map[string]string{"etag": twice}},
		"a list":                    {update, `{"post":{"hashtags":[],"hashtags":["a"]}}`, map[string]string{"post.hashtags": twice}},
		"a message":                 {update, `{"post":{},"post":{}}`, map[string]string{"post": twice}},
		"a field of each":           {update, `{"post":{"content":"a"},"post":{"hashtags":["a"]}}`, map[string]string{"post": twice}},
		"null before":               {update, `{"etag":null,"etag":"1"}`, map[string]string{"etag": twice}},
		"null behind":               {update, `{"etag":"1","etag":null}`, map[string]string{"etag": twice}},
		"under its proto name":      {update, `{"updateMask":"content","update_mask":"content"}`, map[string]string{"updateMask": twice}},
		"under an escaped name":     {update, `{"etag":"1","\u0065tag":"1"}`, map[string]string{"etag": twice}},
		"not side by side":          {update, `{"etag":"1","post":{"content":"a"},"etag":"1"}`, map[string]string{"etag": twice}},
		"beside what else is wrong": {update, `{"post":5,"etag":"1","etag":"2"}`, map[string]string{"post": "must be an object", "etag": twice}},
		"before what else is wrong": {update, `{"etag":"1","etag":"2","post":{"content":5}}`, map[string]string{"etag": twice}},
		"in one post of several": {batch, `{"posts":[{"content":"a","content":"}]"},{"content":5}],"requestId":7}`,
			map[string]string{"posts[0].content": twice, "posts[1].content": "must be a string", "requestId": "must be a string"}},
		"with no end":                    {update, `{"etag":"1","etag":["`, map[string]string{"etag": twice}},
		"once in each object":            {batch, `{"posts":[{"content":"a"},{"content":"a"}]}`, nil},
		"a name that is a value as well": {update, `{"post":{"content":"content","hashtags":["content","content"]},"updateMask":"content"}`, nil},
		"two fields of which one may be": {(&postwrightv1.ValidatePostRequest{}).ProtoReflect().Descriptor(), `{"post":{},"id":"x"}`,
			map[string]string{"id": "is one of id, post: give one of them only"}},
		"two of which one is null": {(&postwrightv1.ValidatePostRequest{}).ProtoReflect().Descriptor(), `{"post":null,"id":"x"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, problems(scannedJSON([]byte(c.body), boundsOf(c.message))))
		})
	}
}

// problems are what a fault objects to, by field.
func problems(err error) map[string]string {
	if err == nil {
		return nil
	}
	found := map[string]string{}
	for _, f := range fault.Of(err).Fields {
		found[f.Path] = f.Problem
	}
	return found
}

// Whatever the bytes are: what the codec makes of them is within the bounds if the scan let them through, also when it
// then gives up half-way. And the scan refuses nothing that is right.
func FuzzNothingBeyondTheBoundsIsMadeOfJSON(f *testing.F) {
	for _, seed := range []string{
		`{"post":{"content":"a","hashtags":["x","\u00e9"]},"updateMask":"content,hashtags","etag":"1"}`, `{"post":{"hashtags":["",`,
		`{"post":{"\u0068ashtags":[]}}`, `{"post" {"hashtags"["" "" ]}}`, `{"post":{"hashtags":[null,[],{}]}}`, "{\"post\":\x00}",
		`{"post":{"content":"\`,
		`{"post":{"createTime":"2026-01-02T03:04:05Z","failure":{"code":"x"}}}`, `{,"post":{},:}`, `{"post":nonsense}`, `[{}]`,
		`{"updateMask":"a\u002cb"}`,
		`{"posts":[{},{"hashtags":["a"]}],"requestId":"x"}`, `{"ids":["a"],"posts":[{}]}`,
		`{"states":["POST_STATE_DRAFT",2,"x",null],"pageSize":"\u0031","order":1,"fromTime":"2026-01-02T03:04:05+01:00"}`, `{"pageSize":"","state":"1"}`,
		`{"post":{"content":"a","content":"b"}}`, `{"update_mask":"a","updateMask":null,"etag":"1"}`,
		`{"posts":[{"hashtags":[]},{"hashtags":[],"\u0068ashtags":[]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, message := range []proto.Message{&postwrightv1.UpdatePostRequest{}, &postwrightv1.BatchPublishPostsRequest{},
			&postwrightv1.ListPostsRequest{}} {
			b := tightBounds(message)
			unknown, scanned := scanJSON(body, b)
			err := protojson.Unmarshal(body, message)
			if scanned == nil {
				requireWithin(t, message.ProtoReflect(), b)
				if err != nil {
					require.NotContains(t, err.Error(), "duplicate field", "the scan sees them all")
					require.NotEqual(t, wordsOf(err), wrongInJSON(body, unknown, err), "what the codec refuses is said in our words")
				}
			} else if err == nil {
				require.Error(t, withinBounds(message.ProtoReflect(), b), "refused for %v", scanned)
			}
		}
	})
}

func FuzzNothingBeyondTheBoundsIsMadeOfBinary(f *testing.F) {
	for _, m := range []proto.Message{
		&postwrightv1.UpdatePostRequest{Post: &postwrightv1.Post{Hashtags: []string{"", "a"}, Content: "x"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"a", "b"}}},
		&postwrightv1.BatchPublishPostsRequest{Ids: []string{"", "a"}, Posts: []*postwrightv1.Post{{}, {Hashtags: []string{"a"}}}},
		&postwrightv1.ListPostsRequest{States: []postwrightv1.PostState{1, 2}, PageSize: 300},
	} {
		seed, err := proto.Marshal(m)
		require.NoError(f, err)
		f.Add(seed)
		f.Add(append(seed, seed...))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, message := range []proto.Message{&postwrightv1.UpdatePostRequest{}, &postwrightv1.BatchPublishPostsRequest{},
			&postwrightv1.ListPostsRequest{}} {
			b := tightBounds(message)
			scanned := scanBinary(body, b)
			_ = proto.Unmarshal(body, message)
			if scanned == nil {
				requireWithin(t, message.ProtoReflect(), b)
			}
		}
	})
}

// tightBounds are a message's bounds, with lists of two at most: what fuzzing finds is short.
func tightBounds(message proto.Message) *bounds {
	return tightened(message.ProtoReflect().Descriptor())
}

func tightened(message protoreflect.MessageDescriptor) *bounds {
	b := &bounds{byName: map[string]*bound{}}
	for number, f := range boundsOf(message).byNumber {
		if f != nil {
			tight := *f
			if f.repeated {
				tight.most = 2
			}
			if f.message != nil {
				tight.message = tightened(message.Fields().ByNumber(protoreflect.FieldNumber(number)).Message())
			}
			f = &tight
			field := message.Fields().ByNumber(protoreflect.FieldNumber(number))
			b.byName[field.JSONName()], b.byName[field.TextName()] = f, f
		}
		b.byNumber = append(b.byNumber, f)
	}
	return b
}

func requireWithin(t *testing.T, message protoreflect.Message, b *bounds) {
	t.Helper()
	require.NoError(t, withinBounds(message, b))
}

// withinBounds looks at a message that was made.
func withinBounds(message protoreflect.Message, b *bounds) (err error) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		f := b.byNumber[field.Number()]
		if field.IsList() {
			if value.List().Len() > f.most {
				err = fault.New(fault.Invalid, f.name)
			}
			for i := 0; f.text && err == nil && i < value.List().Len(); i++ {
				if field.FullName() == "google.protobuf.FieldMask.paths" &&
					slices.ContainsFunc(strings.Split(value.List().Get(i).String(), "."), func(name string) bool { return name[0] == '_' }) {
					err = fault.New(fault.Invalid, f.name) // written with a capital first, as no field is
				}
			}
			for i := 0; f.message != nil && err == nil && i < value.List().Len(); i++ {
				err = withinBounds(value.List().Get(i).Message(), f.message)
			}
		} else if f.message != nil {
			err = withinBounds(value.Message(), f.message)
		}
		return err == nil
	})
	return err
}

func scannedJSON(body []byte, b *bounds) error {
	_, err := scanJSON(body, b)
	return err
}
