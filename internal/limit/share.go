package limit

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// errFull says that all of a share is taken and no more may wait for it.
var errFull = errors.New("the share and its queue are full")

// Shares give everyone the same share of what is carried out at once, and a queue for what goes beyond: first come, first
// served. It is safe for concurrent use.
type Shares[K comparable] struct {
	room Room

	mu  sync.Mutex
	of  map[K]*share
	all int
}

// share is that of one user; it is there while it is in use.
type share struct {
	slots *semaphore.Weighted
	users int // those who hold a slot and those who wait for one
}

// Room is how much of something there is for each user of Shares, and in all.
type Room struct {
	// Slots is how many each may hold at once.
	Slots int
	// Queue is how many more of each may wait for a slot.
	Queue int
	// Total bounds what all hold and wait for together; 0 does not.
	Total int
	// Wait is how long one waits at most; 0 for as long as the context lasts.
	Wait time.Duration
}

// NewShares returns Shares that nobody uses yet.
func NewShares[K comparable](room Room) *Shares[K] {
	return &Shares[K]{room: room, of: map[K]*share{}}
}

// Acquire takes a slot of one's share and returns what gives it back, to be called once. It waits while all are taken, and
// fails at once when too many wait already, with ctx, or after the longest wait.
func (s *Shares[K]) Acquire(ctx context.Context, who K) (release func(), err error) {
	s.mu.Lock()
	mine := s.of[who]
	if mine == nil {
		mine = &share{slots: semaphore.NewWeighted(int64(s.room.Slots))}
	}
	if mine.users >= s.room.Slots+s.room.Queue || (s.room.Total > 0 && s.all >= s.room.Total) {
		s.mu.Unlock()
		return nil, errFull
	}
	s.of[who] = mine
	mine.users++
	s.all++
	s.mu.Unlock()
	if err := s.wait(ctx, mine.slots); err != nil {
		s.leave(who, mine)
		return nil, err
	}
	return func() {
		mine.slots.Release(1)
		s.leave(who, mine)
	}, nil
}

// wait takes a slot. The usual call finds one free, and makes nothing to wait with.
func (s *Shares[K]) wait(ctx context.Context, slots *semaphore.Weighted) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if slots.TryAcquire(1) { // never before those who wait
		return nil
	}
	if s.room.Wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.room.Wait)
		defer cancel()
	}
	return slots.Acquire(ctx, 1)
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
