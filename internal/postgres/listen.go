package postgres

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Listener is told what transactions announce on a channel with NOTIFY. Its functions are called one at a time and must
// not block: while they do, nobody hears anything, and what is announced piles up in PostgreSQL.
type Listener struct {
	Channel string
	// Heard is told of each announcement, in the order of the commits.
	Heard func(payload string)
	// Missed is told that announcements may have been missed: when listening has begun, and when it has begun again after
	// the connection was lost. Whatever commits from then on is heard.
	Missed func()
	// Lost is told that nothing is heard from now on, until Missed; nil where nobody wants to know.
	Lost func()
}

// How long is waited before the database is tried again after the listening connection was lost, and how long it may be
// silent before it is asked whether it is still there.
const (
	firstListenWait   = 100 * time.Millisecond
	longestListenWait = 5 * time.Second
	listenSilence     = 5 * time.Second
	listenAnswer      = 5 * time.Second // for how long an answer to that is waited for
)

// Listen serves the listeners until ctx ends, over one connection that is not the pool's. A connection that is lost is made
// again for as long as it takes, which is logged once. It is made past a pooler that shares sessions.
func (s *Store) Listen(ctx context.Context, listeners ...Listener) {
	for wait, level := firstListenWait, slog.LevelWarn; ; wait, level = min(2*wait, longestListenWait), slog.LevelDebug {
		err := s.listen(ctx, listeners, func() {
			if level == slog.LevelDebug {
				s.log.InfoContext(ctx, "the database's announcements are heard again")
			}
			wait, level = firstListenWait, slog.LevelWarn
		})
		if ctx.Err() != nil {
			return
		}
		s.log.Log(ctx, level, "the database's announcements are not heard", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait/2 + rand.N(wait/2)): // not all processes at once
		}
	}
}

// listen serves the listeners until the connection is lost or ctx ends.
func (s *Store) listen(ctx context.Context, listeners []Listener, began func()) error {
	conn, err := s.listening(ctx, listeners)
	if conn != nil {
		defer func() {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
			defer cancel()
			_ = conn.Close(closing)
		}()
	}
	if err != nil {
		return connectFault(err)
	}
	began()
	defer func() {
		for _, l := range listeners {
			if l.Lost != nil {
				l.Lost()
			}
		}
	}()
	for _, l := range listeners {
		l.Missed()
	}
	for {
		announced, err := s.hear(ctx, conn)
		if err != nil {
			return connectFault(err)
		}
		for _, l := range listeners {
			if l.Channel == announced.Channel {
				l.Heard(announced.Payload)
			}
		}
	}
}

// listening makes the connection and asks for the channels. The connection is there to be closed even where that failed.
func (s *Store) listening(ctx context.Context, listeners []Listener) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.Sessions().Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	for _, l := range listeners {
		if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{l.Channel}.Sanitize()); err != nil {
			return conn, err
		}
	}
	return conn, nil
}

// hear waits for the next announcement. A connection that is silent for long is asked whether it is still there: without
// that, one whose other end has vanished would stay silent for ever.
func (s *Store) hear(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		silence, cancel := context.WithTimeout(ctx, s.silence)
		announced, err := conn.WaitForNotification(silence)
		silent := silence.Err() != nil
		cancel()
		if err == nil || ctx.Err() != nil || !silent {
			return announced, err
		}
		ping, cancel := context.WithTimeout(ctx, min(s.timeout, listenAnswer))
		err = conn.Ping(ping)
		cancel()
		if err != nil {
			return nil, err
		}
	}
}
