package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/rueidis"
)

// An entry is a byte that says which it is, the epoch, and the row or the lease's own number.
const (
	entryRow   = 'r'
	entryLease = 'l'
	epochSize  = 36
)

// lease is the right to put a row in a place.
type lease struct {
	client     rueidis.Client
	key, entry string
	epoch      string
}

func (l lease) held() bool { return l.client != nil }

// get returns a row and how long it may still be kept, or none, and maybe a lease to put it there.
func (s *shared) get(ctx context.Context, key string) (row []byte, life time.Duration, place lease) {
	s.mu.Lock()
	client, epoch, turn := s.client, s.epoch, s.turns
	_, doomed := s.doomed[key]
	s.mu.Unlock()
	if epoch == "" || doomed {
		return nil, 0, lease{}
	}
	ctx, cancel := answerTime(ctx)
	defer cancel()
	answers := client.DoMulti(ctx, client.B().Get().Key(key).Build(), client.B().Pttl().Key(key).Build())
	text, err := answers[0].ToString()
	if err != nil && !rueidis.IsRedisNil(err) {
		s.failed(turn, err)
		return nil, 0, lease{}
	}
	left, err := answers[1].AsInt64() // below 0 where the key is not there
	if err != nil {
		s.failed(turn, err)
		return nil, 0, lease{}
	}
	if !s.still(turn) {
		return nil, 0, lease{}
	}
	if len(text) > epochSize && text[0] == entryRow {
		if text[1:1+epochSize] == epoch && left > 0 {
			return []byte(text[1+epochSize:]), time.Duration(left) * time.Millisecond, lease{}
		}
		s.lookUp()
	}
	place = lease{client: client, key: key, epoch: epoch, entry: string(entryLease) + epoch + uuid.NewString()}
	if err := client.Do(ctx, client.B().Set().Key(key).Value(place.entry).Px(leaseLife).Build()).Error(); err != nil {
		s.failed(turn, err)
		return nil, 0, lease{}
	}
	return nil, 0, place
}

// inPlaceOf puts an entry where another one lies, if it still does.
var inPlaceOf = rueidis.NewLuaScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then
	return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return false`)

// put puts a row where a lease was taken for it before it was read, unless somebody has deleted that since.
func (s *shared) put(ctx context.Context, place lease, row []byte) {
	s.mu.Lock()
	turn := s.turns
	s.mu.Unlock()
	ctx, cancel := answerTime(ctx)
	defer cancel()
	err := inPlaceOf.Exec(ctx, place.client, []string{place.key}, []string{
		place.entry, string(entryRow) + place.epoch + string(row), fmt.Sprint(s.life.Milliseconds()),
	}).Error()
	if err != nil && !rueidis.IsRedisNil(err) {
		s.failed(turn, err)
	}
}

// answerTime is not the caller's: whether Redis answers has nothing to do with whether somebody waits for it.
func answerTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
}

// drop dooms a key: it is not read before it is deleted.
func (s *shared) drop(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.doomed) >= maxDoomed {
		s.distrustLocked()
		return
	}
	s.number++
	s.doomed[key] = s.number
	s.rouse()
}
