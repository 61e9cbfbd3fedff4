package rpc

import (
	"context"
	"sync"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
)

// streams are the open streams that follow posts. Each owner has a share of them, so that nobody is ever refused one
// because of others: an owner may have perOwner, and once there are total in all, no more than an equal part of total, but
// always one. So there can be more than total: by as much as the owners who came late have their parts of.
type streams struct {
	total, perOwner int
	observe         func(change int)

	mu      sync.Mutex
	open    int
	byOwner map[uuid.UUID]int
}

func newStreams(total, perOwner int, observe func(change int)) *streams {
	return &streams{total: total, perOwner: perOwner, observe: observe, byOwner: map[uuid.UUID]int{}}
}

// reasonTooManyStreams marks the fault of an owner whose share is used up.
const reasonTooManyStreams = "TOO_MANY_STREAMS"

// intercept gives a stream its place once its caller is known, before its request is in: one whose request never comes holds
// memory too, its headers'. What is refused here has done nothing, and can be repeated without publishing anything twice.
func (s *streams) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if spec.StreamType != connect.StreamTypeServer {
			return next(ctx, spec, stream)
		}
		owner, err := identity.Caller(ctx)
		if err != nil {
			return err
		}
		release, err := s.take(owner)
		if err != nil {
			return err
		}
		defer release()
		return next(ctx, spec, stream)
	}
}

// take takes a place for a stream of an owner; release gives it back.
func (s *streams) take(owner uuid.UUID) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine, share := s.byOwner[owner], s.share(owner)
	if mine >= share {
		return nil, fault.Newf(fault.OverLimit,
			"You have %d streams open and may have %d at once: close some and call again, or follow posts with GetPost. This call did nothing.",
			mine, share).WithReason(reasonTooManyStreams)
	}
	s.open++
	s.byOwner[owner]++
	s.observe(1)
	return func() { s.release(owner) }, nil
}

// share is how many streams an owner may have now. The caller holds mu.
func (s *streams) share(owner uuid.UUID) int {
	if s.open < s.total {
		return s.perOwner
	}
	owners := len(s.byOwner)
	if s.byOwner[owner] == 0 {
		owners++
	}
	return min(s.perOwner, max(1, s.total/owners))
}

func (s *streams) release(owner uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.observe(-1)
	if s.byOwner[owner]--; s.byOwner[owner] == 0 {
		delete(s.byOwner, owner)
	}
}
