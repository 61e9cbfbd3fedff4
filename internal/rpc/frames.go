package rpc

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"

	"connectrpc.com/connect/v2"

	"github.com/postwright/postwright/internal/fault"
)

// Flags of a frame.
const (
	frameCompressed = 1 << 0
	frameWebEnd     = 1 << 7 // of gRPC-Web: what would be trailers
)

// frame makes a request whose protocol frames its messages say so where they are not in frames. Connect takes the first bytes of
// plain JSON for the length of a message, and a body that ends early for a failure of its own.
func frame(r *http.Request, m method) {
	kind := mediaType(r)
	if r.Body == nil || !strings.HasPrefix(kind, grpcType) && !strings.HasPrefix(kind, connectStreamType) {
		return
	}
	named := r.Header.Get(encodingHeader(r, m))
	flags := byte(0)
	if named != "" && named != connect.CompressionNameIdentity {
		flags |= frameCompressed
	}
	if strings.HasPrefix(kind, grpcWebType) {
		flags |= frameWebEnd
	}
	r.Body = &framedBody{ReadCloser: r.Body, flags: flags, one: m.stream&connect.StreamTypeClient == 0, how: framingOf(kind, m)}
}

// framedBody is a body in frames: a byte of flags, four of length, and a message of that length.
type framedBody struct {
	io.ReadCloser
	flags byte   // that frames may have
	one   bool   // there must be a message, and no second
	how   string // how to send it right

	head   [5]byte
	filled int   // of head
	left   int64 // of the message
	seen   bool  // a whole frame, or the beginning of one
	frames int   // that have begun
}

func (b *framedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if wrong := b.track(p[:n]); wrong != nil {
		return 0, wrong
	}
	if errors.Is(err, io.EOF) {
		if wrong := b.end(); wrong != nil {
			return 0, wrong
		}
	}
	return n, err
}

// track follows the frames through what was read.
func (b *framedBody) track(p []byte) error {
	for len(p) > 0 {
		b.seen = true
		if b.left > 0 {
			n := min(b.left, int64(len(p)))
			b.left -= n
			p = p[n:]
			continue
		}
		if b.filled == 0 {
			if err := b.checkFlags(p[0]); err != nil {
				return err
			}
			if b.frames++; b.one && b.frames > 1 && p[0]&frameWebEnd == 0 {
				return fault.New(fault.Invalid, "The request can't be read: it holds a second message, and the method takes one: send one frame, and call "+
					"again for the next.")
			}
		}
		n := copy(b.head[b.filled:], p)
		b.filled += n
		p = p[n:]
		if b.filled == len(b.head) {
			b.filled, b.left = 0, int64(binary.BigEndian.Uint32(b.head[1:]))
		}
	}
	return nil
}

func (b *framedBody) checkFlags(flags byte) error {
	switch {
	case flags == '{' || flags == '[' || flags == ' ' || flags == '\n' || flags == '\r' || flags == '\t' || flags == '"':
		return b.unframed("it looks like JSON that is in no frame")
	case flags&^(frameCompressed|frameWebEnd) == 0 && flags&frameCompressed > b.flags&frameCompressed:
		return fault.New(fault.Invalid, "The request can't be read: a frame is marked as compressed, and no header says how: name gzip in the "+
			"header of your protocol for it, Connect-Content-Encoding or Grpc-Encoding, or clear the mark.")
	case flags&^b.flags != 0:
		return b.unframed("a frame begins with a byte that is none of a frame's")
	}
	return nil
}

func (b *framedBody) end() error {
	switch {
	case b.filled > 0:
		return b.unframed("it ends within the first five bytes of a frame")
	case b.left > 0:
		return fault.Newf(fault.Invalid, "The request can't be read: it ends %d bytes before the length that its frame says, which is %d: that is "+
			"the message's length in bytes, the highest first.", b.left, binary.BigEndian.Uint32(b.head[1:]))
	case b.one && !b.seen:
		return b.unframed("its body is empty")
	}
	return nil
}

func (b *framedBody) unframed(words string) error {
	return fault.New(fault.Invalid, "The request can't be read: "+words+": "+b.how+".")
}

// framingOf is how a message is sent that came with a type whose messages are in frames.
func framingOf(kind string, m method) string {
	switch unary := m.stream == connect.StreamTypeUnary; {
	case !strings.HasPrefix(kind, grpcType):
		return framing
	case unary:
		return "send the message without a frame, as JSON with Content-Type: application/json; or call with a client of gRPC, which frames it"
	case m.stream == connect.StreamTypeBidi:
		return "call it with a client of gRPC, which frames the messages"
	}
	return framing + "; or call with a client of gRPC, which frames it"
}
