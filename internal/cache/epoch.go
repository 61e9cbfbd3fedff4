package cache

import (
	"context"

	"github.com/google/uuid"
	"github.com/redis/rueidis"
)

// distrust reads nothing from Redis until a new epoch has begun.
func (s *shared) distrust() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.distrustLocked()
}

func (s *shared) distrustLocked() {
	s.epoch = ""
	s.turns++
	clear(s.doomed) // what was written before the next epoch is never read again
	s.rouse()
}

// failed distrusts Redis because of a command that was given in a turn.
func (s *shared) failed(turn uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turns == turn {
		s.distrustLocked()
		s.failure = err
	}
}

// lookUp has the epoch looked up: somebody has begun another.
func (s *shared) lookUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind = true
	s.rouse()
}

// still reports whether nothing has become new since a turn.
func (s *shared) still(turn uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turns == turn
}

func (s *shared) trusted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch != ""
}

// begin begins an epoch. Where something became new meanwhile, such as the connection, it is not believed and another follows.
func (s *shared) begin(ctx context.Context, client rueidis.Client, turn uint64) error {
	ctx, cancel := answerTime(ctx)
	defer cancel()
	next := uuid.NewString()
	s.mu.Lock()
	s.behind = false // whoever begins another after this one is seen
	s.mu.Unlock()
	if err := client.Do(ctx, client.B().Set().Key(s.epochKey()).Value(next).Build()).Error(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turns == turn {
		s.epoch = next
	}
	return nil
}

// catchUp takes over the epoch that another process has begun. It began after this process's own, which was there before.
func (s *shared) catchUp(ctx context.Context, client rueidis.Client, turn uint64) error {
	s.mu.Lock()
	s.behind = false // whoever begins another from now on is seen
	s.mu.Unlock()
	ctx, cancel := answerTime(ctx)
	defer cancel()
	latest, err := client.Do(ctx, client.B().Get().Key(s.epochKey()).Build()).ToString()
	if err != nil && !rueidis.IsRedisNil(err) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.turns != turn:
	case len(latest) != epochSize: // it was thrown out for want of memory
		s.distrustLocked()
	default:
		s.epoch = latest
	}
	return nil
}

// erase deletes keys. One that was doomed again meanwhile stays so.
func (s *shared) erase(ctx context.Context, client rueidis.Client, doomed map[string]uint64) error {
	ctx, cancel := answerTime(ctx)
	defer cancel()
	deletes := make(rueidis.Commands, 0, len(doomed))
	for key := range doomed {
		deletes = append(deletes, client.B().Del().Key(key).Build())
	}
	for _, answer := range client.DoMulti(ctx, deletes...) {
		if err := answer.Error(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, number := range doomed {
		if s.doomed[key] == number {
			delete(s.doomed, key)
		}
	}
	return nil
}
