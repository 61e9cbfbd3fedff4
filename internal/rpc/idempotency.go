package rpc

import (
	"context"
	"strings"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
)

// idempotencyKeyHeader names a request as request_id does: draft-ietf-httpapi-idempotency-key-header.
const idempotencyKeyHeader = "Idempotency-Key"

// idempotencyKeyField is the field of a message that holds such a key. The request id of logs is another: see requestIDHeader.
const idempotencyKeyField = "request_id"

// misspelled are names under which others take such a key: what is meant to keep a call from having its effect twice must
// not be passed over.
var misspelled = []string{"X-Idempotency-Key", "Idempotence-Key", "X-Idempotence-Key"}

// takeIdempotencyKey takes the header Idempotency-Key for the request id of a message that has none. Where a method has no
// request id, a key is refused: a caller who sends one relies on it. Reads pass it over, since a repeat of them is none.
func takeIdempotencyKey(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		info, there := connect.CallInfoForServerContext(ctx)
		if !there || spec.IdempotencyLevel == connect.IdempotencyNoSideEffects || keyless(spec.Procedure) {
			return next(ctx, spec, stream)
		}
		var faults fault.List
		for _, name := range misspelled {
			if len(info.RequestHeader().Values(name)) > 0 {
				faults.Add(fault.Field{Path: name, Problem: "is not known: send the key as " + idempotencyKeyHeader})
			}
		}
		if err := faults.Err(); err != nil {
			return err
		}
		keys := info.RequestHeader().Values(idempotencyKeyHeader)
		if len(keys) == 0 {
			return next(ctx, spec, stream)
		}
		return next(ctx, spec, keyedStream{ServerStream: stream, keys: keys})
	}
}

type keyedStream struct {
	connect.ServerStream
	keys []string
}

func (s keyedStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil {
		return err
	}
	message, isProto := msg.(proto.Message)
	if !isProto {
		return nil
	}
	return nameRequest(message.ProtoReflect(), s.keys)
}

// wrongKey is the fault of a key that can't be taken.
func wrongKey(problem string) error {
	return fault.Fields(fault.Field{Path: idempotencyKeyHeader, Problem: problem})
}

// nameRequest gives a message the request id that the keys name.
func nameRequest(message protoreflect.Message, keys []string) error {
	field := message.Descriptor().Fields().ByName(idempotencyKeyField)
	if field == nil {
		return wrongKey("is not taken by this method, whose repeat is another call: leave it out")
	}
	if len(keys) > 1 {
		return wrongKey("is there more than once: send one")
	}
	key, err := readKey(keys[0])
	if err != nil {
		return err
	}
	switch named := message.Get(field).String(); named {
	case "", key:
		message.Set(field, protoreflect.ValueOfString(key))
		return nil
	}
	return wrongKey("is another than requestId: send one of them, or the same in both")
}

// readKey reads a key as it is, or as the string of RFC 8941 that the draft asks for: in double quotes, in which a
// backslash stands before a quote and a backslash.
func readKey(header string) (string, error) {
	key := strings.TrimSpace(header)
	if strings.HasPrefix(key, `"`) {
		var closed bool
		if key, closed = unquoted(key); !closed {
			return "", wrongKey(`must be a key as it is, or in double quotes with \ before " and \`)
		}
	}
	switch {
	case key == "":
		return "", wrongKey("is empty: send a key that is new for each request, such as a UUID")
	case len(idempotency.Request{ID: key}.Faults()) > 0:
		return "", wrongKey(idempotency.Request{ID: key}.Faults()[0].Problem)
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", wrongKey("must not contain control characters")
	}
	return key, nil
}

// unquoted is what a quoted string holds, and whether it ends where the text does.
func unquoted(text string) (content string, closed bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), i == len(text)-1
		case '\\':
			i++
			if i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", false
}
