package rpc

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/postwright/postwright/internal/idempotency"
)

// repeatable is what tells a repeat of a message from another one. A message without a request id is not hashed.
func repeatable[Req interface {
	proto.Message
	GetRequestId() string
}](req Req) idempotency.Request {
	id := req.GetRequestId()
	if id == "" {
		return idempotency.Request{}
	}
	return idempotency.Request{ID: id, Hash: requestHash(req.ProtoReflect())}
}

// requestHash is the SHA-256 of what a request says, without its request id, in a form that stays the same for ever: hashes are
// kept, and compared by later builds. Fields are known by number, and those that are not set leave no trace, so that a field may
// be added or renamed. Fields that this build does not know are left out. A message's own encoding is no such form: protobuf
// promises nothing about its order.
//
// Every value begins with a letter for its kind and tells its length before its content, so no two requests have one form:
//
//	message  m, number of fields that are set, then each by ascending number: number, value
//	list     l, number of elements, then each in its order: value
//	map      p, number of entries, then each by ascending key: key, value
//	text     s, number of bytes, the bytes; also of bytes
//	integer  i, or u for a kind without a sign, 8 bytes; enums are integers
//	decimal  f, 8 bytes of IEEE 754 binary64
//	boolean  b, 1 byte
//
// Numbers and lengths are unsigned varints of protobuf, the 8 bytes are big-endian.
func requestHash(request protoreflect.Message) (hash [32]byte) {
	digest := sha256.New()
	form := canonicalForm{bufio.NewWriter(digest)} // no more than a piece of a large request is copied
	form.message(request, request.Descriptor().Fields().ByName(idempotencyKeyField))
	_ = form.Flush() // a hash takes everything
	digest.Sum(hash[:0])
	return hash
}

type canonicalForm struct{ *bufio.Writer }

// message writes a message without one of its fields, or with all of them when that is nil.
func (c canonicalForm) message(message protoreflect.Message, without protoreflect.FieldDescriptor) {
	var set []protoreflect.FieldDescriptor
	message.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if field != without {
			set = append(set, field)
		}
		return true
	})
	slices.SortFunc(set, func(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) })
	c.sized('m', len(set))
	for _, field := range set {
		c.varint(int(field.Number()))
		c.field(field, message.Get(field))
	}
}

func (c canonicalForm) field(field protoreflect.FieldDescriptor, value protoreflect.Value) {
	switch {
	case field.IsList():
		list := value.List()
		c.sized('l', list.Len())
		for i := range list.Len() {
			c.value(list.Get(i))
		}
	case field.IsMap():
		entries := value.Map()
		keys := make([]protoreflect.MapKey, 0, entries.Len())
		entries.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
			keys = append(keys, key)
			return true
		})
		slices.SortFunc(keys, compareKeys)
		c.sized('p', len(keys))
		for _, key := range keys {
			c.value(key.Value())
			c.value(entries.Get(key))
		}
	default:
		c.value(value)
	}
}

func (c canonicalForm) value(value protoreflect.Value) {
	switch v := value.Interface().(type) {
	case protoreflect.Message:
		c.message(v, nil)
	case string:
		c.sized('s', len(v))
		_, _ = c.WriteString(v)
	case []byte:
		c.sized('s', len(v))
		_, _ = c.Write(v)
	case protoreflect.EnumNumber:
		c.fixed('i', signed(int64(v)))
	case int32, int64:
		c.fixed('i', signed(value.Int()))
	case uint32, uint64:
		c.fixed('u', value.Uint())
	case float32, float64:
		c.fixed('f', math.Float64bits(value.Float()))
	case bool:
		_, _ = c.Write([]byte{'b', boolByte(v)})
	}
}

// compareKeys orders the keys of one map, which are of one kind.
func compareKeys(a, b protoreflect.MapKey) int {
	switch a.Interface().(type) {
	case string:
		return cmp.Compare(a.String(), b.String())
	case int32, int64:
		return cmp.Compare(a.Int(), b.Int())
	case uint32, uint64:
		return cmp.Compare(a.Uint(), b.Uint())
	default:
		return cmp.Compare(boolByte(a.Bool()), boolByte(b.Bool()))
	}
}

// signed is a number's two's complement.
func signed(n int64) uint64 { return uint64(n) } //nolint:gosec // the same bits

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (c canonicalForm) sized(kind byte, n int) {
	_ = c.WriteByte(kind)
	c.varint(n)
}

func (c canonicalForm) varint(n int) {
	_, _ = c.Write(binary.AppendUvarint(c.AvailableBuffer(), uint64(n))) //nolint:gosec // a length or a field's number: none is negative
}

func (c canonicalForm) fixed(kind byte, bits uint64) {
	_, _ = c.Write(binary.BigEndian.AppendUint64(append(c.AvailableBuffer(), kind), bits))
}
