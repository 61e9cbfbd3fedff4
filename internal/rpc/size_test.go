//go:build !race

// The race detector makes memory of its own, and empties pools at random: what a request costs is measured without it.

package rpc

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/fault"
)

// filled repeats text until the whole is as large as is taken.
func filled(limit int, before, text, after string) []byte {
	n := (limit - len(before) - len(after)) / len(text)
	return []byte(before + strings.Repeat(text, n) + after)
}

// hostileJSON fills every field of a message, and every field of its messages.
func hostileJSON(message protoreflect.MessageDescriptor, limit int, before, after string) (list []hostile) {
	add := func(what string, open, text, end string) {
		list = append(list, hostile{before + what, true, filled(limit, before+open, text, end+after)})
	}
	add("unknown name", `{"`, "x", `":1}`)
	add("unknown names", `{`, `"x":1,`, `"x":1}`)
	add("escaped name", `{"`, `\u0078`, `":1}`)
	add("space", `{`, " ", `"x":1}`)
	add("arrays", `{"x":`, "[", `}`)
	for i := range message.Fields().Len() {
		f := message.Fields().Get(i)
		at := `{"` + f.JSONName() + `":`
		if f.IsList() {
			add("empty strings "+at, at+`[`, `"",`, `""]}`)
			add("empty objects "+at, at+`[`, `{},`, `{}]}`)
			add("lists "+at, at+`[`, `[],`, `[]]}`)
			add("nulls "+at, at+`[`, `null,`, `null]}`)
			add("strings without an end "+at, at+`[`, `"",`, `"`)
			add("objects without an end "+at, at+`[`, `{},`, `{`)
			add("long elements "+at, at+`["`, `x`, `"]}`)
			// As many as may be there, each as large as fits.
			rules := boundOf(f)
			each := (limit - len(before) - len(at) - len(after) - 10) / rules.most
			if f.Message() == nil {
				add("as many long ones as may be "+at, at+`[`, string(filled(each, `"`, "é", `",`)), `""]}`)
				continue
			}
			for _, element := range hostileJSON(f.Message(), each-1, "", "") {
				add("as many as may be, "+element.name+" "+at, at+`[`, string(element.body)+`,`, string(element.body)+`]}`)
			}
			add("wrong in every field "+at, at+`[`, wrongEverywhere(f.Message())+`,`, `{}]}`)
			continue
		}
		for _, text := range []string{"x", `\n`, "é", `\u00e9`, `\u0000`, "a,", `\u002c`, "#a ", "<", `\ud83d\ude00`} {
			add("text of "+text+" "+at, at+`"`, text, `"}`)
		}
		add("number "+at, at, "9", `}`)
		add("exponent "+at, at+"1e", "9", `}`)
		if f.Message() != nil {
			list = append(list, hostileJSON(f.Message(), limit, before+at, `}`+after)...)
		}
	}
	return list
}

// repeatedJSON gives one field of a message again and again, and each field of its messages, with every wrong value.
func repeatedJSON(message protoreflect.MessageDescriptor, limit int, before, after string) (list []hostile) {
	for i := range message.Fields().Len() {
		f := message.Fields().Get(i)
		open, end := `{`, `}`
		for _, value := range append(wrongValues(f), "null") {
			again := `"` + f.JSONName() + `":` + value + `,"` + f.TextName() + `":` + value
			list = append(list, hostile{
				before + "again and again " + fault.Clip(again, 80), true, filled(limit-len(again)-1, before+open+again, ","+again, end+after),
			})
		}
		if f.Message() == nil || boundOf(f).json != asObject {
			continue
		}
		open, end = `{"`+f.JSONName()+`":`, `}`
		if f.IsList() {
			open, end = open+`[`, `]`+end
		}
		list = append(list, repeatedJSON(f.Message(), limit, before+open, end+after)...)
	}
	return list
}

// wrongValues are values of every form that a field does not have, in JSON and almost.
func wrongValues(f protoreflect.FieldDescriptor) (values []string) {
	values = []string{`x`, `7`, `""`, `"x"`, `true`, `{}`, `"2026-12-01"`, `"a_b"`, `77`}
	if !f.IsList() {
		return append(values, `[]`)
	}
	most := boundOf(f).most
	for _, element := range values {
		values = append(values,
			`[`+strings.Repeat(element+`,`, min(most, 20)-1)+element+`]`, // as many as are named
			`[`+strings.Repeat(element+`,`, most)+element+`]`,            // one more than may be
		)
	}
	return values
}

// wrongEverywhere is an object with a wrong value in every field whose form allows one.
func wrongEverywhere(message protoreflect.MessageDescriptor) string {
	var fields []string
	for i := range message.Fields().Len() {
		switch f := message.Fields().Get(i); {
		case f.IsList():
			fields = append(fields, `"`+f.JSONName()+`":[`+strings.Repeat(`"",`, boundOf(f).most-1)+`""]`)
		case f.Kind() == protoreflect.EnumKind:
			fields = append(fields, `"`+f.JSONName()+`":77`)
		case f.Kind() == protoreflect.StringKind:
			fields = append(fields, `"`+f.JSONName()+`":"\u0000"`)
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// hostileBinary is hostileJSON for protobuf's own form.
func hostileBinary(message protoreflect.MessageDescriptor, limit int) (list []hostile) {
	add := func(what string, unit []byte) {
		list = append(list, hostile{what, false, bytes.Repeat(unit, limit/len(unit))})
	}
	field := func(number protoreflect.FieldNumber, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
	}
	add("unknown fields", field(1000, nil))
	add("unknown groups", protowire.AppendTag(protowire.AppendTag(nil, 1000, protowire.StartGroupType), 1000, protowire.EndGroupType))
	add("open groups", protowire.AppendTag(nil, 1000, protowire.StartGroupType))
	var both []byte
	for i := range message.Fields().Len() {
		f := message.Fields().Get(i)
		both = append(both, field(f.Number(), nil)...)
		add("empty "+f.JSONName(), field(f.Number(), nil))
		add("short "+f.JSONName(), field(f.Number(), []byte("x")))
		add("numbers as "+f.JSONName(), protowire.AppendVarint(protowire.AppendTag(nil, f.Number(), protowire.VarintType), 1))
		list = append(list,
			hostile{"long " + f.JSONName(), false, field(f.Number(), bytes.Repeat([]byte("x"), limit-10))},
			hostile{"NULs in " + f.JSONName(), false, field(f.Number(), make([]byte, limit-10))},
		)
		if f.Message() == nil {
			continue
		}
		most := 1
		if f.IsList() {
			most = boundOf(f).most
		}
		for _, element := range hostileBinary(f.Message(), limit/most-10) {
			if len(element.body) > 0 {
				list = append(list, hostile{
					fmt.Sprintf("%d %s of %s", most, f.JSONName(), element.name), false, bytes.Repeat(field(f.Number(), element.body), most),
				})
			}
		}
	}
	if both != nil {
		add("every field in turn", both)
	}
	return list
}

// countingLog counts what is logged.
type countingLog struct{ bytes, longest int }

func (c *countingLog) Write(line []byte) (int, error) {
	c.bytes += len(line)
	c.longest = max(c.longest, len(line))
	return len(line), nil
}

// cost is what a request took.
type cost struct {
	memory, answer, log int
	body                string
}

func measure(handler http.Handler, log *countingLog, r *http.Request) cost {
	var before, after runtime.MemStats
	log.bytes = 0
	w := httptest.NewRecorder()
	runtime.ReadMemStats(&before)
	handler.ServeHTTP(w, r)
	runtime.ReadMemStats(&after)
	size := w.Body.Len()
	for name, values := range w.Result().Header { // trailers are among them
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	for name, values := range w.Result().Trailer {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	return cost{int(after.TotalAlloc - before.TotalAlloc), size, log.bytes, w.Body.String()}
}

// Whatever fills a request, what it costs is a fixed multiple of its size, and what is said of it is short. It counts all
// memory that is allocated on the way, also what is free again before the end.
func TestNoRequestCostsMoreThanAFixedMultipleOfItsSize(t *testing.T) { //nolint:paralleltest // it counts the process's memory
	log := &countingLog{}
	handler := newEdge(t, small, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	const spare = 1 << 20 // for a request that is small beside it
	worst := map[string]float64{}
	tried := 0
	for _, m := range methods() {
		limit := small.maxBytes(procedure(m))
		ways := wires
		if m.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS && !m.IsStreamingServer() {
			ways = append(ways[:len(ways):len(ways)], get)
		}
		for _, h := range slices.Concat(hostileJSON(m.Input(), limit, "", ""), repeatedJSON(m.Input(), limit, "", ""), hostileBinary(m.Input(), limit)) {
			require.LessOrEqual(t, len(h.body), limit, h.name)
			tried++
			way := ways[tried%len(ways)] // each body one way, each way with bodies of every kind
			c := measure(handler, log, way.send(procedure(m), m.IsStreamingServer(), h))
			for more := 3; c.memory >= 10*limit+spare && more > 0; more-- { // the collector may have emptied a pool on the way
				c = measure(handler, log, way.send(procedure(m), m.IsStreamingServer(), h))
			}
			about := fmt.Sprintf("%s over %s: %s (%d bytes of at most %d): %q", m.Name(), way.name, h.name, len(h.body), limit, fault.Clip(c.body, 300))
			require.Less(t, c.memory, 10*limit+spare, about)
			require.Less(t, c.answer, 16<<10, about)
			require.Less(t, c.log, 16<<10, about)
			worst[string(m.Name())] = max(worst[string(m.Name())], float64(c.memory)/float64(limit))
		}
	}
	t.Logf("%d requests; memory at most, as a multiple of the largest message: %.3v", tried, worst)
	require.Greater(t, tried, 1000)
}

// A field that fills the largest request that is taken is refused at its second time, whatever its values are: they would
// each be looked at, and the codec takes none but the first.
func TestAFieldThatIsThereAgainAndAgainCostsNoMoreThanOnce(t *testing.T) { //nolint:paralleltest // it counts the process's memory
	taken := small
	taken.MaxRequestBytes, taken.MaxBatchBytes = 1280<<10, 16<<20 // as they are by default
	handler := newEdge(t, taken, slog.New(slog.DiscardHandler))
	const twice = "is there more than once: give it once"
	for name, c := range map[string]struct{ method, before, field, value, after, want string }{
		"a list of wrong values": {"ListPosts", `{`, "states", "[x" + strings.Repeat(",x", 19) + "]", `}`, "and 16 more"},
		"no list":                {"ListPosts", `{`, "states", `x`, `}`, "states " + twice},
		"no time":                {"ListPosts", `{`, "fromTime", `""`, `}`, "fromTime " + twice},
		"no number":              {"ListPosts", `{`, "pageSize", `x`, `}`, "pageSize " + twice},
		"no text":                {"ListPosts", `{`, "pageToken", `7`, `}`, "pageToken " + twice},
		"no mask":                {"UpdatePost", `{`, "updateMask", `"a_b"`, `}`, "updateMask " + twice},
		"no object":              {"UpdatePost", `{`, "post", `7`, `}`, "post " + twice},
		"no value of an enum":    {"BatchCreatePosts", `{"posts":[{`, "postType", `x`, `}]}`, "posts[0].postType " + twice},
		"an enum in quotes":      {"BatchCreatePosts", `{"posts":[{`, "postType", `"x"`, `}]}`, "posts[0].postType " + twice},
		"null":                   {"BatchCreatePosts", `{"posts":[{`, "content", `null`, `}]}`, "posts[0].content " + twice},
		"what is right":          {"BatchCreatePosts", `{"posts":[{`, "postType", `"POST_TYPE_STORY"`, `}]}`, "posts[0].postType " + twice},
	} {
		procedure := "/postwright.v1.PostService/" + c.method
		again := `"` + c.field + `":` + c.value
		body := filled(taken.maxBytes(procedure)-len(again)-1, c.before+again, ","+again, c.after)
		spent := measure(handler, &countingLog{}, post(procedure, "application/json", body))
		t.Logf("%s: %.1f times its size", name, float64(spent.memory)/float64(len(body)))
		require.Less(t, spent.memory, 10*len(body), name)
		require.Contains(t, spent.body, c.want, name)
	}
}

// Beyond those that are named, wrong values are counted, and nobody words what is wrong with them.
func TestWrongValuesThatAreOnlyCountedCostNoWords(t *testing.T) { //nolint:paralleltest // it counts the process's memory
	b := boundsOf((&postwrightv1.BatchCreatePostsRequest{}).ProtoReflect().Descriptor())
	for name, value := range map[string]string{
		"no value of an enum": `"postType":x`, "an enum in quotes": `"postType":"x"`, "an object for an enum": `"postType":{}`,
		"no time": `"createTime":""`, "a time without an offset": `"createTime":"2026-12-01"`, "a number for a time": `"createTime":7`,
		"no text": `"content":7`, "a text for a list": `"hashtags":""`, "a list of numbers": `"hashtags":[7,7]`,
		"twice": `"content":"","content":""`,
	} {
		body := []byte(`{"posts":[{` + value + strings.Repeat(`},{`+value, 999) + `}]}`)
		_ = scannedJSON(body, b) // what is made once for all
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := scannedJSON(body, b)
		runtime.ReadMemStats(&after)
		spent := int(after.TotalAlloc - before.TotalAlloc)
		t.Logf("%s: %.1f times its size", name, float64(spent)/float64(len(body)))
		require.Less(t, spent, 10*len(body)+64<<10, name) // what is named takes some KiB
		require.GreaterOrEqual(t, len(fault.Of(err).Fields)+fault.Of(err).More, 1000, "%s: all are counted", name)
	}
}
