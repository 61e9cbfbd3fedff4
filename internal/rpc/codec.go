package rpc

import (
	"bytes"
	"context"
	"io"
	"strings"

	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/postwright/postwright/internal/fault"
)

// boundedBinary is connect's binary codec, except that a message is held against its bounds before anything is made of
// it, and that what the API does not know is dropped and not kept beside it.
type boundedBinary struct{ *connectproto.BinaryCodec }

func newBoundedBinary() boundedBinary { return boundedBinary{connectproto.NewBinaryCodec()} }

// UnmarshalRead implements connect.Codec. src is bounded by the server's read limit.
func (boundedBinary) UnmarshalRead(_ context.Context, src io.Reader, msg any) error {
	body, message, err := incoming(src, msg)
	if err != nil {
		return err
	}
	if err := scanBinary(body, boundsOf(message.ProtoReflect().Descriptor())); err != nil {
		return err
	}
	if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, message) != nil {
		if err := scanTexts(body, boundsOf(message.ProtoReflect().Descriptor())); err != nil {
			return err
		}
		return unreadable(wrongInBinary(body, message.ProtoReflect().Descriptor()))
	}
	return nil
}

// strictJSON is connect's JSON codec, except that a message is held against its bounds before anything is made of it, and
// that a field or an enum value that the API does not know is refused. The codec as it is drops both in silence, and a
// misspelt field would look as if it had been taken. Answers are written by their form, which is found out once.
type strictJSON struct{ *connectproto.JSONCodec }

func newStrictJSON() strictJSON { return strictJSON{connectproto.NewJSONCodec()} }

// UnmarshalRead implements connect.Codec. src is bounded by the server's read limit.
func (strictJSON) UnmarshalRead(_ context.Context, src io.Reader, msg any) error {
	body, message, err := incoming(src, msg)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.Invalid, "The request's body is empty: send a JSON object, {} at least.")
	}
	unknown, err := scanJSON(body, boundsOf(message.ProtoReflect().Descriptor()))
	if err != nil {
		return err
	}
	if err := protojson.Unmarshal(body, message); err != nil {
		return unreadable(wrongInJSON(body, unknown, err))
	}
	return writtenOffset(body, message)
}

// MarshalWrite implements connect.Codec.
func (s strictJSON) MarshalWrite(ctx context.Context, dst io.Writer, msg any) error {
	message, isProto := msg.(proto.Message)
	whole, isBuffer := dst.(*bytes.Buffer) // as connect hands it over
	if isProto && isBuffer {
		reflected := message.ProtoReflect()
		if form := formOf(reflected.Descriptor()); form != nil {
			if text, written := form.appendTo(whole.AvailableBuffer(), reflected); written {
				_, err := whole.Write(text)
				return err
			}
		}
	}
	return s.JSONCodec.MarshalWrite(ctx, dst, msg)
}

// incoming is what a codec has to read, and what it is to become.
func incoming(src io.Reader, msg any) ([]byte, proto.Message, error) {
	message, isProto := msg.(proto.Message)
	if !isProto {
		return nil, nil, connectproto.ErrNotProtoMessage
	}
	if whole, ok := src.(*bytes.Buffer); ok { // as connect hands it over: no need for a copy, both codecs make their own
		return whole.Bytes(), message, nil
	}
	body, err := io.ReadAll(src)
	return body, message, err
}

// unreadable refuses a message. The words may repeat the caller's own, and then they are in no log.
func unreadable(words string) *fault.Error {
	if !strings.HasSuffix(words, "?") {
		words += "."
	}
	return fault.New(fault.Invalid, "The request can't be read: "+words)
}
