package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/postwright/postwright/internal/fault"
)

// provenStream asks before each message whether what its caller proved who they are with still does. A stream may be open for days:
// who has lost a key, or ends a session, means that nothing more is told there. That nobody can say now ends no stream.
type provenStream struct {
	connect.ServerStream
	again func() error
}

func (s provenStream) Send(msg any) error {
	if err := s.again(); fault.Is(err, fault.Unauthenticated) {
		return err
	}
	return s.ServerStream.Send(msg)
}
