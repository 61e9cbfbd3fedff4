package postgres

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// pingAfter is how long a connection may be unused and still be taken for what it was: a server that vanished without a word,
	// or something between that forgot the connection, shows in nothing else than an answer that does not come.
	pingAfter = 30 * time.Second
	// lookAfter is how long it may be unused and not even be looked at.
	lookAfter = time.Second
)

// losses remember when a connection was last found to be lost: a server that ends, or a proxy that cuts what is idle, takes many
// at once. Those that have been idle since before are asked whether they are still there, or the repeats of an operation would be
// used up on one lost connection after the other.
type losses struct{ last atomic.Pointer[time.Time] }

func (l *losses) note() {
	now := time.Now()
	l.last.Store(&now)
}

// askFirst reports whether a connection is to be asked whether it is still there, before it is used. Not to ask saves a round trip,
// and the database an empty transaction, at every first statement after a pause: what PostgreSQL or a pooler has closed, when it
// was restarted, is seen without asking.
func (l *losses) askFirst(_ context.Context, unused pgxpool.ShouldPingParams) bool {
	if last := l.last.Load(); last != nil && unused.IdleDuration > time.Since(*last) {
		return true
	}
	return unused.IdleDuration > pingAfter || unused.IdleDuration > lookAfter && !quiet(unused.Conn.PgConn().Conn())
}

// quiet reports whether nothing came in, neither words nor the end.
func quiet(conn net.Conn) bool {
	if secured, is := conn.(interface{ NetConn() net.Conn }); is {
		conn = secured.NetConn()
	}
	with, is := conn.(syscall.Conn)
	if !is {
		return false
	}
	raw, err := with.SyscallConn()
	if err != nil {
		return false
	}
	var one [1]byte
	var peeked error
	// raw.Read would wait for whoever reads: pgx may have been left reading in the background, until PostgreSQL says more.
	err = raw.Control(func(fd uintptr) {
		_, _, peeked = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && (errors.Is(peeked, syscall.EAGAIN) || errors.Is(peeked, syscall.EWOULDBLOCK))
}
