package rpc

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"pgregory.net/rapid"
)

// apiMessages are all messages of the API.
func apiMessages() (all []protoreflect.MessageType) {
	protoregistry.GlobalTypes.RangeMessages(func(message protoreflect.MessageType) bool {
		if message.Descriptor().ParentFile().Package() == "postwright.v1" {
			all = append(all, message)
		}
		return true
	})
	return all
}

// fillIn gives some fields of a message values.
func fillIn(t *rapid.T, message protoreflect.Message) {
	some := rapid.IntRange(0, 3)
	for i := range message.Descriptor().Fields().Len() {
		field := message.Descriptor().Fields().Get(i)
		switch times := some.Draw(t, field.JSONName()); {
		case times == 0:
		case field.IsList():
			for range times {
				if list := message.Mutable(field).List(); field.Message() != nil {
					fillIn(t, list.AppendMutable().Message())
				} else {
					list.Append(anyValue(t, field))
				}
			}
		case field.Message() != nil:
			fillIn(t, message.Mutable(field).Message())
		default:
			message.Set(field, anyValue(t, field))
		}
	}
}

func anyValue(t *rapid.T, field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"\x00\x01\b\f\n\r\t\x1f \"\\/\x7f\u0080\u2028<>&é🙂", "cut \xf0\x9f", "\xff", "\u00ff\ufffd",
		}))
		return protoreflect.ValueOfString(text.Draw(t, "text"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "truth"))
	case protoreflect.Int32Kind:
		edges := rapid.SampledFrom([]int32{0, 1, 100, 999_000_000, 120_000_000, 1_000, 1, math.MaxInt32, math.MinInt32}) // a time's nanoseconds too
		return protoreflect.ValueOfInt32(rapid.OneOf(rapid.Int32(), edges).Draw(t, "number"))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-70_000_000_000, 260_000_000_000)).Draw(t, "number"))
	case protoreflect.DoubleKind:
		edges := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e-6, 9e-7, 1e21, 1e20, math.NaN(), math.Inf(1), math.Inf(-1)})
		return protoreflect.ValueOfFloat64(rapid.OneOf(rapid.Float64(), edges).Draw(t, "number"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(-1, 12).Draw(t, "value")))
	}
	panic(field.Kind())
}

// What callers read is what protojson writes, but for the space that it puts in at random; and what it refuses is refused.
func TestAnswersInJSONAreThoseOfProtojson(t *testing.T) {
	t.Parallel()
	codec := newStrictJSON()
	formed := 0
	for _, kind := range apiMessages() {
		if formOf(kind.Descriptor()) != nil {
			formed++
		}
		rapid.Check(t, func(t *rapid.T) {
			message := kind.New()
			fillIn(t, message)
			var whole, want, got bytes.Buffer
			whole.WriteString("before")
			text, refused := protojson.Marshal(message.Interface())
			err := codec.MarshalWrite(t.Context(), &whole, message.Interface())
			if refused != nil {
				require.EqualError(t, err, refused.Error())
				return
			}
			require.NoError(t, err)
			require.NoError(t, json.Compact(&want, text))
			require.NoError(t, json.Compact(&got, bytes.TrimPrefix(whole.Bytes(), []byte("before"))))
			require.Equal(t, want.String(), got.String())
		})
	}
	require.Greater(t, formed, 60)
}
