package limit

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/semaphore"
)

// errFull says that all of a share is taken and no more may wait for it.
var errFull = errors.New("the share and its queue are full")

// Shares give everyone the same share of what is carried out at once, and a queue for what goes beyond: first come, first
// served. It is safe for concurrent use.
type Shares[K comparable] struct {
	share, queue, total int

	mu  sync.Mutex
	of  map[K]*share
	all int
}

// share is one's own; it is there while it is in use.
type share struct {
	slots *semaphore.Weighted
	users int // those who hold a slot and those who wait for one
}

// NewShares returns Shares of so many slots each, and so many that wait for one. total bounds what all hold and wait for
// together; 0 does not.
func NewShares[K comparable](size, queue, total int) *Shares[K] {
	return &Shares[K]{share: size, queue: queue, total: total, of: map[K]*share{}}
}

// Acquire takes a slot of one's share and returns what gives it back, to be called once. It waits while all are taken, and
// fails at once when too many wait already, or with ctx.
func (s *Shares[K]) Acquire(ctx context.Context, who K) (release func(), err error) {
	s.mu.Lock()
	mine := s.of[who]
	if mine == nil {
		mine = &share{slots: semaphore.NewWeighted(int64(s.share))}
	}
	if mine.users >= s.share+s.queue || (s.total > 0 && s.all >= s.total) {
		s.mu.Unlock()
		return nil, errFull
	}
	s.of[who] = mine
	mine.users++
	s.all++
	s.mu.Unlock()
	if err := mine.slots.Acquire(ctx, 1); err != nil {
		s.leave(who, mine)
		return nil, err
	}
	return func() {
		mine.slots.Release(1)
		s.leave(who, mine)
	}, nil
}

func (s *Shares[K]) leave(who K, mine *share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	mine.users--
	if mine.users == 0 {
		delete(s.of, who)
	}
}
