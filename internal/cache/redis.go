package cache

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// shared is the rows that processes share in a Redis. Redis may be slow, gone, or come back with what it knew an hour ago; others may
// stop half-way. What is read there is nevertheless never older than what this process has heard, because
//
//   - each process deletes by itself every row of which it hears that it changed, and does not read that row before Redis has said
//     that it is gone (doomed);
//   - a row is put in place of a lease that was taken before the row was read from the database, and only if the lease is still
//     there: whoever deletes the row deletes the lease, and so a slow read of what was before is not put back;
//   - an entry names the epoch in which it was written, and this process reads only those of an epoch that began after it began to
//     hear of changes, and after its newest connection to Redis was made. Whenever one of these is new, it begins an epoch of its
//     own. The others follow: what lies under one key is the latest epoch.
//
// So no process depends on what another one does or fails to do. That Redis pushes what others change (server-assisted client-side
// caching) only hurries.
type shared struct {
	option rueidis.ClientOption
	prefix string // of all keys
	life   time.Duration
	log    *slog.Logger
	wake   chan struct{} // holds 1: there is something to do

	mu     sync.Mutex
	client rueidis.Client // nil before the first connection
	// epoch is that of the entries that may be read, "" for none. turns counts how often there came to be none, so that an answer
	// that was under way meanwhile is not believed.
	epoch string
	turns uint64
	// doomed are the keys that have to be deleted, with a number that tells a key that was doomed again from one that was before.
	doomed  map[string]uint64
	number  uint64
	behind  bool  // another process has begun an epoch
	failure error // of a read or a write; run tells of it
}

const (
	// answerTimeout bounds a command: a Redis that takes longer is slower than the database.
	answerTimeout  = 250 * time.Millisecond
	connectTimeout = 3 * time.Second
	// leaseLife is how long a load may take that fills Redis.
	leaseLife = 10 * time.Second
	// Between two attempts to reach Redis, or to have it delete.
	firstSharedWait, longestSharedWait = 50 * time.Millisecond, 5 * time.Second
	// maxDoomed bounds the keys that wait to be deleted. When there are more, a new epoch is cheaper.
	maxDoomed = 10_000
	// deletedAtOnce bounds the keys of one pipeline.
	deletedAtOnce = 500
	redisBuffer   = 64 << 10
)

// CheckRedisURL says what is wrong with a RedisURL. It repeats nothing of it: there may be a password in it.
func CheckRedisURL(url string) error {
	if option, err := rueidis.ParseURL(url); err != nil || option.InitAddress[0] == "" {
		return errUnreadableURL
	}
	return nil
}

var errUnreadableURL = errors.New(
	"can't be read: give a URL such as redis://:password@host:6379/0, rediss:// for TLS, or unix:///path/to/redis.sock",
)

func newShared(cfg Config, forget func(name string), log *slog.Logger) *shared {
	place := sha256.Sum256([]byte(cfg.Place))
	s := &shared{
		prefix: "postwright:" + hex.EncodeToString(place[:6]) + ":",
		life:   cfg.Life, log: log, wake: make(chan struct{}, 1), doomed: map[string]uint64{},
	}
	s.option, _ = redisOption(cfg.RedisURL)
	dial := s.option.DialCtxFn
	s.option.DialCtxFn = func(ctx context.Context, to string, dialer *net.Dialer, secure *tls.Config) (net.Conn, error) {
		s.distrust() // before anything is heard over it: it may lead to a Redis that has forgotten what it was told
		return dial(ctx, to, dialer, secure)
	}
	if !s.option.DisableCache {
		s.option.ClientTrackingOptions = []string{"PREFIX", s.prefix, "BCAST", "NOLOOP"}
		s.option.OnInvalidations = func(keys []rueidis.RedisMessage) {
			for _, message := range keys { // none when the connection ends, which distrust hears of
				if key, err := message.ToString(); err == nil {
					s.pushed(key, forget)
				}
			}
		}
	}
	return s
}

// redisOption are the settings of a client for a URL. One connection for all commands, so that what it changes is not pushed to it.
func redisOption(url string) (rueidis.ClientOption, error) {
	option, err := rueidis.ParseURL(url)
	if err != nil {
		return option, err
	}
	option.PipelineMultiplex = -1
	option.DisableRetry = true // over a new connection, which may lead elsewhere
	option.Dialer.Timeout = connectTimeout
	option.ConnWriteTimeout = connectTimeout
	option.ReadBufferEachConn, option.WriteBufferEachConn = redisBuffer, redisBuffer
	if option.DialCtxFn == nil {
		option.DialCtxFn = func(ctx context.Context, to string, dialer *net.Dialer, secure *tls.Config) (net.Conn, error) {
			if secure == nil {
				return dialer.DialContext(ctx, "tcp", to)
			}
			return (&tls.Dialer{NetDialer: dialer, Config: secure}).DialContext(ctx, "tcp", to)
		}
	}
	return option, nil
}

// key is a row's in Redis.
func (s *shared) key(of *kind, name string) string { return s.prefix + of.schema + ":" + name }

func (s *shared) epochKey() string { return s.prefix + "epoch" }

// pushed is told of a key that another process has changed.
func (s *shared) pushed(key string, forget func(name string)) {
	if key == s.epochKey() {
		s.lookUp()
		return
	}
	if _, name, ok := strings.Cut(strings.TrimPrefix(key, s.prefix), ":"); ok {
		forget(name)
	}
}

func (s *shared) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run does in Redis what is to be done until ctx ends. A Redis that does not answer is tried again for as long as it takes, which is
// logged once.
func (s *shared) run(ctx context.Context) {
	defer s.close()
	s.rouse()
	for wait, away := firstSharedWait, false; ; {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		err := s.lastFailure()
		if err == nil {
			err = s.work(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !away {
				s.log.WarnContext(ctx, "Redis is not used until it answers again: rows are read from the database", "error", err)
			}
			away = true
			s.rouse()
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait/2 + rand.N(wait/2)): // not all processes at once
			}
			wait = min(2*wait, longestSharedWait)
		default:
			if away {
				s.log.InfoContext(ctx, "Redis answers again and is used")
			}
			wait, away = firstSharedWait, false
		}
	}
}

// lastFailure takes what a read or a write failed with since it was asked last.
func (s *shared) lastFailure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.failure
	s.failure = nil
	return err
}

// work connects, begins or follows an epoch, and deletes what is doomed, until nothing of it is left to do.
func (s *shared) work(ctx context.Context) error {
	client, err := s.connect()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		s.mu.Lock()
		epoch, turn, behind := s.epoch, s.turns, s.behind
		doomed := make(map[string]uint64, min(len(s.doomed), deletedAtOnce))
		for key, number := range s.doomed {
			if doomed[key] = number; len(doomed) == deletedAtOnce {
				break
			}
		}
		s.mu.Unlock()
		switch {
		case epoch == "":
			err = s.begin(ctx, client, turn)
		case behind:
			err = s.catchUp(ctx, client, turn)
		case len(doomed) > 0:
			err = s.erase(ctx, client, doomed)
		default:
			return nil
		}
		if err != nil {
			s.failed(turn, nil) // whoever asked for the work tells
			return err
		}
	}
	return ctx.Err()
}

// connect makes the client with the first connection; it makes all later ones by itself.
func (s *shared) connect() (rueidis.Client, error) {
	if s.client != nil { // nobody else sets it
		return s.client, nil
	}
	client, err := rueidis.NewClient(s.option)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client = client
	return client, nil
}

func (s *shared) close() {
	s.mu.Lock()
	client := s.client
	s.distrustLocked()
	s.mu.Unlock()
	if client != nil {
		client.Close()
	}
}
