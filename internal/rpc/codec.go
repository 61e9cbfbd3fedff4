package rpc

import (
	"context"
	"io"
	"strings"

	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/postwright/postwright/internal/fault"
)

// strictJSON is connect's JSON codec, except that a field or an enum value that the API does not know is refused. The
// codec as it is drops both in silence, and a misspelt field would look as if it had been taken.
type strictJSON struct{ *connectproto.JSONCodec }

func newStrictJSON() strictJSON { return strictJSON{connectproto.NewJSONCodec()} }

// UnmarshalRead implements connect.Codec. src is bounded by the server's read limit.
func (strictJSON) UnmarshalRead(_ context.Context, src io.Reader, msg any) error {
	body, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	message, isProto := msg.(proto.Message)
	if !isProto {
		return connectproto.ErrNotProtoMessage
	}
	if len(body) == 0 {
		return fault.New(fault.Invalid, "The request's body is empty: send a JSON object, {} at least.")
	}
	if err := protojson.Unmarshal(body, message); err != nil {
		// protojson's words name line, column and field of the caller's own text, and nothing of ours. The space after
		// its mark is now a plain and now a non-breaking one.
		words := strings.TrimSpace(strings.TrimPrefix(err.Error(), "proto:"))
		return fault.New(fault.Invalid, "The request can't be read: "+words+".").WithCause(err)
	}
	return nil
}
