package rpc

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/idempotency"
)

// everyKind is a request with a field of every kind, and without the fields of the numbers given.
func everyKind(t require.TestingT, without ...int32) protoreflect.MessageDescriptor {
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("every_kind.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
		EnumType: []*descriptorpb.EnumDescriptorProto{{Name: proto.String("Colour")}},
	}
	for i, name := range []string{"NONE", "RED", "BLUE"} {
		file.EnumType[0].Value = append(file.EnumType[0].Value,
			&descriptorpb.EnumValueDescriptorProto{Name: proto.String(name), Number: proto.Int32(int32(i))})
	}
	request := &descriptorpb.DescriptorProto{Name: proto.String("Request")}
	file.MessageType = []*descriptorpb.DescriptorProto{request}
	add := func(
		name string, kind descriptorpb.FieldDescriptorProto_Type, label descriptorpb.FieldDescriptorProto_Label, typeName string,
	) {
		number := int32(len(request.GetField()) + 1)
		field := &descriptorpb.FieldDescriptorProto{
			Name: proto.String(name), Number: proto.Int32(number), Type: kind.Enum(), Label: label.Enum(),
		}
		if typeName != "" {
			field.TypeName = proto.String(".test." + typeName)
		}
		request.Field = append(request.Field, field)
	}
	const one, many = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	add(idempotencyKeyField, descriptorpb.FieldDescriptorProto_TYPE_STRING, one, "")
	var scalars []descriptorpb.FieldDescriptorProto_Type
	for number := range descriptorpb.FieldDescriptorProto_Type_name {
		if kind := descriptorpb.FieldDescriptorProto_Type(number); kind != descriptorpb.FieldDescriptorProto_TYPE_GROUP {
			scalars = append(scalars, kind)
		}
	}
	slices.Sort(scalars)
	for _, kind := range scalars {
		typeName := ""
		switch kind {
		case descriptorpb.FieldDescriptorProto_TYPE_ENUM:
			typeName = "Colour"
		case descriptorpb.FieldDescriptorProto_TYPE_MESSAGE:
			typeName = "Request"
		}
		add(fmt.Sprintf("one_%d", kind), kind, one, typeName)
		add(fmt.Sprintf("many_%d", kind), kind, many, typeName)
	}
	for i, key := range []descriptorpb.FieldDescriptorProto_Type{
		descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_BOOL,
		descriptorpb.FieldDescriptorProto_TYPE_SINT32, descriptorpb.FieldDescriptorProto_TYPE_UINT64,
	} {
		entry := fmt.Sprintf("Map%dEntry", i)
		request.NestedType = append(request.NestedType, &descriptorpb.DescriptorProto{
			Name: proto.String(entry), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
			Field: []*descriptorpb.FieldDescriptorProto{
				{Name: proto.String("key"), Number: proto.Int32(1), Type: key.Enum(), Label: one.Enum()},
				{
					Name: proto.String("value"), Number: proto.Int32(2),
					Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: one.Enum(),
				},
			},
		})
		add(fmt.Sprintf("map%d", i), descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, many, "Request."+entry)
	}
	request.Field = slices.DeleteFunc(request.Field, func(field *descriptorpb.FieldDescriptorProto) bool {
		return slices.Contains(without, field.GetNumber())
	})
	built, err := protodesc.NewFile(file, nil)
	require.NoError(t, err)
	return built.Messages().ByName("Request")
}

// drawMessage draws a message with some of its fields set, and messages within it down to some depth.
func drawMessage(t *rapid.T, of protoreflect.MessageDescriptor, depth int) protoreflect.Message {
	message := dynamicpb.NewMessage(of)
	fields := of.Fields()
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		field := fields.Get(rapid.IntRange(0, fields.Len()-1).Draw(t, "field"))
		if field.Message() != nil && !field.IsMap() && depth == 0 {
			continue
		}
		message.Set(field, drawField(t, message, field, depth))
	}
	return message
}

func drawField(t *rapid.T, in protoreflect.Message, field protoreflect.FieldDescriptor, depth int) protoreflect.Value {
	switch {
	case field.IsList():
		list := in.NewField(field)
		for range rapid.IntRange(1, 3).Draw(t, "elements") {
			list.List().Append(drawValue(t, field, depth))
		}
		return list
	case field.IsMap():
		entries := in.NewField(field)
		for range rapid.IntRange(1, 3).Draw(t, "entries") {
			entries.Map().Set(drawValue(t, field.MapKey(), depth).MapKey(), drawValue(t, field.MapValue(), depth))
		}
		return entries
	default:
		return drawValue(t, field, depth)
	}
}

func drawValue(t *rapid.T, field protoreflect.FieldDescriptor, depth int) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32().Draw(t, "enum")))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "int64"))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, "uint64"))
	case protoreflect.FloatKind: // no -0, which protobuf calls equal to 0 in a list, and not where it is the field itself
		return protoreflect.ValueOfFloat32(rapid.Float32().Draw(t, "float") + 0)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.Float64().Draw(t, "double") + 0)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.StringN(0, 4, -1).Draw(t, "string"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "bytes"))
	default:
		return protoreflect.ValueOfMessage(drawMessage(t, field.Message(), depth-1))
	}
}

// say is what a message says beside its request id, as protobuf itself compares it.
func say(message protoreflect.Message) proto.Message {
	said := proto.Clone(message.Interface())
	said.ProtoReflect().Clear(said.ProtoReflect().Descriptor().Fields().ByName(idempotencyKeyField))
	return said
}

func TestMessagesHaveOneHashWhenTheySayTheSame(t *testing.T) {
	t.Parallel()
	kinds := everyKind(t)
	rapid.Check(t, func(t *rapid.T) {
		one, other := drawMessage(t, kinds, 2), drawMessage(t, kinds, 2)
		require.Equal(t, proto.Equal(say(one), say(other)), requestHash(one) == requestHash(other), "%v and %v", one, other)

		// Built in another order, and from the bytes of any encoder, under another id.
		encoded, err := proto.MarshalOptions{}.Marshal(one.Interface())
		require.NoError(t, err)
		same := dynamicpb.NewMessage(kinds)
		require.NoError(t, proto.Unmarshal(encoded, same))
		same.Set(kinds.Fields().ByName(idempotencyKeyField), protoreflect.ValueOfString("another"))
		require.Equal(t, requestHash(one), requestHash(same))
	})
}

func TestAnyChangeOfAFieldChangesTheHash(t *testing.T) {
	t.Parallel()
	kinds := everyKind(t)
	rapid.Check(t, func(t *rapid.T) {
		before := drawMessage(t, kinds, 2)
		after := proto.Clone(before.Interface()).ProtoReflect()
		// Somewhere within: the message itself, or one that it holds.
		within := after
		for {
			var inner []protoreflect.Message
			for i := range kinds.Fields().Len() {
				field := kinds.Fields().Get(i)
				if field.Message() != nil && !field.IsList() && !field.IsMap() && within.Has(field) {
					inner = append(inner, within.Mutable(field).Message())
				}
				if field.Message() != nil && field.IsList() {
					for j := range within.Get(field).List().Len() {
						inner = append(inner, within.Mutable(field).List().Get(j).Message())
					}
				}
			}
			if len(inner) == 0 || rapid.Bool().Draw(t, "here") {
				break
			}
			within = inner[rapid.IntRange(0, len(inner)-1).Draw(t, "inner")]
		}
		field := kinds.Fields().Get(rapid.IntRange(1, kinds.Fields().Len()-1).Draw(t, "changed"))
		if within.Has(field) && rapid.Bool().Draw(t, "cleared") {
			within.Clear(field)
		} else {
			within.Set(field, drawField(t, within, field, 1))
		}
		require.Equal(t, proto.Equal(say(before), say(after)), requestHash(before) == requestHash(after), "%v, then %v", before, after)
	})
}

// A build whose messages have one more field makes the hash that one without it made, and so the other way round.
func TestAFieldThatIsAddedChangesNoHash(t *testing.T) {
	t.Parallel()
	later := everyKind(t)
	rapid.Check(t, func(t *rapid.T) {
		added := later.Fields().Get(rapid.IntRange(1, later.Fields().Len()-1).Draw(t, "added")).Number()
		sooner := everyKind(t, int32(added))
		before := drawMessage(t, sooner, 2)
		encoded, err := proto.Marshal(before.Interface())
		require.NoError(t, err)
		after := dynamicpb.NewMessage(later)
		require.NoError(t, proto.Unmarshal(encoded, after))
		require.Equal(t, requestHash(before), requestHash(after))

		field := later.Fields().ByNumber(added)
		after.Set(field, drawField(t, after, field, 1))
		encoded, err = proto.Marshal(after.Interface())
		require.NoError(t, err)
		unknown := dynamicpb.NewMessage(sooner)
		require.NoError(t, proto.Unmarshal(encoded, unknown))
		require.Equal(t, requestHash(before), requestHash(unknown), "what a build does not know it leaves out")
	})
}

// Neighbours that a careless form would mix up.
func TestTheFormTellsNeighboursApart(t *testing.T) {
	t.Parallel()
	post := func(change func(*postwrightv1.Post)) proto.Message {
		m := &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{}, RequestId: "once"}
		change(m.GetPost())
		return m
	}
	seen := map[[32]byte]string{}
	for name, message := range map[string]proto.Message{
		"no post":                        &postwrightv1.CreatePostRequest{},
		"an empty post":                  post(func(*postwrightv1.Post) {}),
		"text":                           post(func(p *postwrightv1.Post) { p.Content = "ab" }),
		"an audience instead":            post(func(p *postwrightv1.Post) { p.TargetAudience = "ab" }),
		"text, and an audience":          post(func(p *postwrightv1.Post) { p.Content, p.TargetAudience = "a", "b" }),
		"the other way round":            post(func(p *postwrightv1.Post) { p.Content, p.TargetAudience = "b", "a" }),
		"two hashtags":                   post(func(p *postwrightv1.Post) { p.Hashtags = []string{"a", "b"} }),
		"in the other order":             post(func(p *postwrightv1.Post) { p.Hashtags = []string{"b", "a"} }),
		"one hashtag of both":            post(func(p *postwrightv1.Post) { p.Hashtags = []string{"ab"} }),
		"hashtags like the form":         post(func(p *postwrightv1.Post) { p.Hashtags = []string{"as", "b"} }),
		"cut at another place":           post(func(p *postwrightv1.Post) { p.Hashtags = []string{"a", "sb"} }),
		"an empty hashtag":               post(func(p *postwrightv1.Post) { p.Hashtags = []string{""} }),
		"a vendor's trace id":            post(func(p *postwrightv1.Post) { p.Failure = &postwrightv1.PostFailure{Code: "once"} }),
		"visible to all, as is unset":    post(func(p *postwrightv1.Post) { p.Visibility = postwrightv1.Visibility_VISIBILITY_PUBLIC }),
		"the elements of a batch":        &postwrightv1.BatchPublishPostsRequest{Ids: []string{"a", "b"}},
		"a resend":                       &postwrightv1.PublishPostRequest{Id: "a", Resend: true},
		"a resend after somebody looked": &postwrightv1.PublishPostRequest{Id: "a", Resend: true, Looked: true},
	} {
		hash := requestHash(message.ProtoReflect())
		require.Empty(t, seen[hash], "%s is taken for it", name)
		seen[hash] = name
	}
}

// These hashes are kept in databases. A change of one refuses the callers who repeat a request over a deployment: a form that
// must change is a new version of idempotency's, not another value here.
func TestTheFormOfAHashStaysTheSameForEver(t *testing.T) {
	t.Parallel()
	kinds := everyKind(t)
	message := dynamicpb.NewMessage(kinds)
	message.Set(kinds.Fields().ByName(idempotencyKeyField), protoreflect.ValueOfString("once"))
	set := func(name string, value any) {
		message.Set(kinds.Fields().ByName(protoreflect.Name(name)), protoreflect.ValueOf(value))
	}
	set("one_1", math.Pi)
	set("one_3", int64(-3))
	set("one_4", uint64(math.MaxUint64))
	set("one_8", true)
	set("one_9", "Grüße")
	set("one_12", []byte{0, 255})
	set("one_14", protoreflect.EnumNumber(2))
	names := message.Mutable(kinds.Fields().ByName("map0")).Map()
	for _, name := range []string{"b", "", "a"} {
		names.Set(protoreflect.ValueOfString(name).MapKey(), protoreflect.ValueOfString(name+name))
	}
	numbers := message.Mutable(kinds.Fields().ByName("map2")).Map()
	for _, number := range []int32{10, -1, 9} {
		numbers.Set(protoreflect.ValueOfInt32(number).MapKey(), protoreflect.ValueOfString("n"))
	}
	inner := message.Mutable(kinds.Fields().ByName("many_11")).List().AppendMutable().Message()
	inner.Set(kinds.Fields().ByName(idempotencyKeyField), protoreflect.ValueOfString("within, it is no id of the request"))

	for name, c := range map[string]struct {
		message protoreflect.Message
		want    string
	}{
		"nothing": {(&postwrightv1.CreatePostRequest{RequestId: "once"}).ProtoReflect(),
			"187355b101e4d1f66c7948f93d109b63e1e0e5ec14eba8043e6428aff3a3e4ca"},
		"every kind": {message, "f304fd7e7fb541e5aa7fd446a8a2e39c057059e4162d9e7f650c63d3374176f3"},
		"a post": {(&postwrightv1.CreatePostRequest{RequestId: "once", Post: &postwrightv1.Post{
			Content: "Hello", Hashtags: []string{"go", "日本"}, Visibility: postwrightv1.Visibility_VISIBILITY_CONNECTIONS,
		}}).ProtoReflect(), "a241df6637e3cd4bd66c2d5013ffc4fd0248744eab6b4f3f2508d91a8f0f6609"},
		"an approval": {(&postwrightv1.PublishPostRequest{Id: "8e03978e-40d5-43dd-bc93-6894a57f9324", Resend: true}).ProtoReflect(),
			"29db92b960ace9f3b1c8062f72d42d7faa958cf0709ae26c4b46f52208f2f570"},
	} {
		hash := requestHash(c.message)
		require.Equal(t, c.want, hex.EncodeToString(hash[:]), name)
	}
}

func TestOnlyARequestWithAnIDIsHashed(t *testing.T) {
	t.Parallel()
	post := &postwrightv1.Post{Content: "Hello"}
	require.Zero(t, repeatable(&postwrightv1.CreatePostRequest{Post: post}))
	named := &postwrightv1.CreatePostRequest{Post: post, RequestId: "once"}
	require.Equal(t, idempotency.Request{ID: "once", Hash: requestHash(named.ProtoReflect())}, repeatable(named))
}
