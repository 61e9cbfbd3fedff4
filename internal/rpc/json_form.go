package rpc

import (
	"math"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// jsonForm is how a kind of message is written in JSON: its fields, in the order of the proto file. protojson finds that out anew
// for each message, which takes most of its time; what a form writes is what protojson writes, without the space that it puts in
// at random. It is nil of a message with what no answer of the API has, such as maps, and writes nothing that is an error: both
// are left to protojson.
type jsonForm []formField

type formField struct {
	protoreflect.FieldDescriptor
	name  string // with quotes and colon
	value valueWriter
}

// valueWriter appends a value, and reports whether it could.
type valueWriter func(b []byte, value protoreflect.Value) ([]byte, bool)

// knownForms are those of the messages that have been met, by descriptor.
var knownForms sync.Map

// formOf is the form of a message that does not contain itself; no answer of the API does.
func formOf(message protoreflect.MessageDescriptor) jsonForm {
	if known, there := knownForms.Load(message); there {
		return known.(jsonForm) //nolint:errcheck,forcetypeassert // nothing else is stored, at the end of this function
	}
	form := make(jsonForm, message.Fields().Len())
	for i := range form {
		field := message.Fields().Get(i)
		value := writerOf(field)
		if value == nil {
			form = nil
			break
		}
		if field.IsList() {
			value = listOf(value)
		}
		form[i] = formField{field, `"` + field.JSONName() + `":`, value}
	}
	// Two calls may get here at once, with the same result.
	knownForms.Store(message, form)
	return form
}

// writerOf writes one value of a field, nil where none is made for its kind.
func writerOf(field protoreflect.FieldDescriptor) valueWriter {
	switch field.Kind() {
	case protoreflect.StringKind:
		return appendText
	case protoreflect.BoolKind:
		return func(b []byte, v protoreflect.Value) ([]byte, bool) { return strconv.AppendBool(b, v.Bool()), true }
	case protoreflect.Int32Kind:
		return func(b []byte, v protoreflect.Value) ([]byte, bool) { return strconv.AppendInt(b, v.Int(), 10), true }
	case protoreflect.Int64Kind: // JavaScript's numbers don't hold them all
		return func(b []byte, v protoreflect.Value) ([]byte, bool) {
			return append(strconv.AppendInt(append(b, '"'), v.Int(), 10), '"'), true
		}
	case protoreflect.DoubleKind:
		return appendDouble
	case protoreflect.EnumKind:
		return appendEnum(field.Enum())
	case protoreflect.MessageKind:
		return messageWriter(field)
	}
	return nil
}

func messageWriter(field protoreflect.FieldDescriptor) valueWriter {
	message := field.Message()
	switch {
	case message.FullName() == "google.protobuf.Timestamp":
		return appendTimestamp
	case field.IsMap(), message.ParentFile().Package() == "google.protobuf":
		return nil
	}
	form := formOf(message)
	if form == nil {
		return nil
	}
	return func(b []byte, v protoreflect.Value) ([]byte, bool) { return form.appendTo(b, v.Message()) }
}

// appendTo appends a message, and reports whether it could.
func (f jsonForm) appendTo(b []byte, message protoreflect.Message) ([]byte, bool) {
	b = append(b, '{')
	begin := len(b)
	for i := range f {
		field := &f[i]
		if !message.Has(field.FieldDescriptor) {
			continue
		}
		if len(b) > begin {
			b = append(b, ',')
		}
		var written bool
		if b, written = field.value(append(b, field.name...), message.Get(field.FieldDescriptor)); !written {
			return b, false
		}
	}
	return append(b, '}'), true
}

func listOf(element valueWriter) valueWriter {
	return func(b []byte, v protoreflect.Value) ([]byte, bool) {
		list := v.List()
		b = append(b, '[')
		for i := range list.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			var written bool
			if b, written = element(b, list.Get(i)); !written {
				return b, false
			}
		}
		return append(b, ']'), true
	}
}

// appendText appends a text, if it is UTF-8.
func appendText(b []byte, v protoreflect.Value) ([]byte, bool) {
	text := v.String()
	if !utf8.ValidString(text) {
		return b, false
	}
	b = append(b, '"')
	plain := 0 // from where on nothing needs an escape
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(append(b, text[plain:i]...), '\\')
		plain = i + 1
		switch c {
		case '\b':
			c = 'b'
		case '\f':
			c = 'f'
		case '\n':
			c = 'n'
		case '\r':
			c = 'r'
		case '\t':
			c = 't'
		case '"', '\\':
		default:
			const hex = "0123456789abcdef"
			b = append(b, 'u', '0', '0', hex[c>>4])
			c = hex[c&0xf]
		}
		b = append(b, c)
	}
	return append(append(b, text[plain:]...), '"'), true
}

// appendDouble appends a number, if it is one that is written without an exponent.
func appendDouble(b []byte, v protoreflect.Value) ([]byte, bool) {
	number := v.Float()
	if size := math.Abs(number); size != 0 && !(size >= 1e-6 && size < 1e21) {
		return b, false
	}
	return strconv.AppendFloat(b, number, 'f', -1, 64), true
}

func appendEnum(enum protoreflect.EnumDescriptor) valueWriter {
	values := enum.Values()
	return func(b []byte, v protoreflect.Value) ([]byte, bool) {
		if value := values.ByNumber(v.Enum()); value != nil {
			return append(append(append(b, '"'), value.Name()...), '"'), true
		}
		return strconv.AppendInt(b, int64(v.Enum()), 10), true
	}
}

// appendTimestamp appends a time with as many groups of three decimals as it needs.
func appendTimestamp(b []byte, v protoreflect.Value) ([]byte, bool) {
	stamp, is := v.Message().Interface().(*timestamppb.Timestamp)
	if !is || !stamp.IsValid() {
		return b, false
	}
	b = time.Unix(stamp.GetSeconds(), 0).UTC().AppendFormat(append(b, '"'), time.RFC3339)
	if parts := stamp.GetNanos(); parts > 0 {
		b = append(b[:len(b)-len("Z")], '.')
		for digits, unit := 0, int32(100_000_000); parts > 0 || digits%3 != 0; digits++ {
			b = append(b, '0'+byte(parts/unit)) //nolint:gosec // a digit
			parts, unit = parts%unit, unit/10
		}
		b = append(b, 'Z')
	}
	return append(b, '"'), true
}
