package rpc

import (
	"context"
	"sync/atomic"

	"connectrpc.com/connect/v2"
)

// InFlight counts the calls whose request is in and whose answer is not yet on its way: those that a stop waits for.
// Connections that are idle, requests that have not come in and answers that nobody takes don't count. It is safe for
// concurrent use.
type InFlight struct {
	calls atomic.Int64
	none  chan struct{} // holds one while somebody should look whether calls is 0
}

// NewInFlight returns a count of none.
func NewInFlight() *InFlight { return &InFlight{none: make(chan struct{}, 1)} }

// Count returns how many there are.
func (u *InFlight) Count() int { return int(u.calls.Load()) }

// Wait returns when there are none, or with ctx. One may wait at a time.
func (u *InFlight) Wait(ctx context.Context) {
	for u.calls.Load() > 0 {
		select {
		case <-u.none:
		case <-ctx.Done():
			return
		}
	}
}

func (u *InFlight) begin() { u.calls.Add(1) }

func (u *InFlight) end() {
	if u.calls.Add(-1) > 0 {
		return
	}
	select {
	case u.none <- struct{}{}:
	default:
	}
}

// count counts each call from when its request is in.
func (u *InFlight) count(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if spec.StreamType&connect.StreamTypeClient != 0 { // reflection, which waits for its caller's next question
			return next(ctx, spec, stream)
		}
		counted := &countedStream{ServerStream: stream, inFlight: u}
		defer counted.done()
		return next(ctx, spec, counted)
	}
}

type countedStream struct {
	connect.ServerStream
	inFlight *InFlight
	counted  bool
}

func (s *countedStream) Receive(msg any) error {
	err := s.ServerStream.Receive(msg)
	if err == nil && !s.counted {
		s.counted = true
		s.inFlight.begin()
	}
	return err
}

func (s *countedStream) Send(msg any) error {
	if s.counted {
		s.inFlight.end()
		defer s.inFlight.begin()
	}
	return s.ServerStream.Send(msg)
}

func (s *countedStream) done() {
	if s.counted {
		s.inFlight.end()
	}
}
